/* model.js - a room as this page knows it: the log's entries folded into messages, in whatever order they come. */

const MOST = 3000;	/* messages known of a room; beyond it the oldest are history again, all but the last KEPT */
const KEPT = 1500;

/** One message, or one that is still on its way (seq undefined). */
class Message {
	constructor(seq, ts, from, cid) {
		this.seq = seq;
		this.ts = ts;
		this.from = from;
		this.cid = cid;
		this.data = null;
		this.deleted = false;
		this.failed = '';	/* why it could not be sent */
		this.why = '';		/* the error code for which it was put off */
		this.mod = null;	/* an act of moderation, which is no message but has a place among them */
	}
}

/* What entries said about a message, kept even when the message itself is not loaded yet. */
class Notes {
	constructor() {
		this.last = 0;		/* the seq of the last of these entries */
		this.editSeq = 0;
		this.data = undefined;
		this.deleted = false;
		this.deletedBy = '';
		this.reactions = new Map();	/* key -> Map of from -> {seq, on} */
		this.hopes = new Map();		/* what we asked for and is not acknowledged: 'edit', 'del', 'react KEY' */
	}
}

export class RoomModel {
	constructor(name) {
		this.name = name;
		this.unread = 0;
		this.newSeq = 0;	/* the first message below the line "New" */
		this.draft = '';
		this.present = new Map();	/* user -> connections */
		this.presentMore = false;
		this.counted = false;	/* only the number of connections was said of late */
		this.count = 0;
		this.typing = new Map();	/* user -> until, by Date.now() */
		this.pending = [];
		this.live = false;
		this.delayed = '';	/* why it cannot be joined now, in words */
		this.out = null;	/* {act, until, reason}: one was removed, or is not let in */
		this.into = null;	/* the room's model that has absorbed this part of its past */
		this.clear();
	}

	/** Forgets the log; what is still being sent stays. */
	clear() {
		this.epoch = '';
		this.readSeq = 0;
		this.first = 1;
		this.high = Infinity;	/* all entries up to here are known; a part of the past ends somewhere */
		this.low = Infinity;	/* all entries from here on are known, but for gaps */
		this.messages = new Map();
		this.order = [];	/* seqs of messages, ascending */
		this.notes = new Map();
		this.gaps = [];
		this.shut = '';		/* the error for which history is not asked for any more */
		this.rules = new Map();	/* 'slow', 'lock', 'ban USER', 'mute USER' -> {seq, value}; until, for users */
	}

	note(seq) {
		let notes = this.notes.get(seq);
		if (!notes)
			this.notes.set(seq, notes = new Notes());
		return notes;
	}

	/**
	 * Takes in an entry, new or old, again or not. Returns the seq of the message that changed, 0 for none. A message from
	 * before low is left to the page of history that it comes with: alone it would stand for all between.
	 */
	take(event) {
		if (event.ev === 'msg')
			return this.#takeMessage(event);
		if (event.ev === 'mod')
			return this.#takeMod(event);
		const notes = this.note(event.target);
		notes.last = Math.max(notes.last, event.seq);
		if (event.ev === 'edit' && event.seq > notes.editSeq) {
			notes.editSeq = event.seq;
			notes.data = event.data;
		} else if (event.ev === 'del') {
			notes.deleted = true;
			notes.deletedBy = event.from;
		} else if (event.ev === 'react') {
			this.#takeReaction(notes, event);
		}
		return this.messages.has(event.target) ? event.target : 0;
	}

	#takeMessage(event) {
		if (event.cid)
			this.pending = this.pending.filter(({ cid, from }) => cid !== event.cid || from !== event.from);
		if (this.messages.has(event.seq))
			return event.seq;
		if (event.seq < this.low)
			return 0;
		const message = new Message(event.seq, event.ts, event.from, event.cid);
		message.data = event.data;
		message.deleted = event.deleted === true;
		this.messages.set(event.seq, message);
		this.order.splice(this.indexOf(event.seq), 0, event.seq);
		return event.seq;
	}

	#takeMod(event) {
		if (this.messages.has(event.seq))
			return event.seq;
		if (event.seq < this.low)
			return 0;
		const message = new Message(event.seq, event.ts, event.from);
		message.mod = event;
		this.messages.set(event.seq, message);
		this.order.splice(this.indexOf(event.seq), 0, event.seq);
		const { act, user, until = Infinity, every = 0, seq } = event;
		if (act === 'slow')
			this.ruleIs('slow', seq, every);
		else if (act === 'lock' || act === 'unlock')
			this.ruleIs('lock', seq, act === 'lock');
		else if (act !== 'kick')
			this.ruleIs(`${act.replace(/^un/, '')} ${user}`, seq, act.startsWith('un') ? 0 : until);
		return event.seq;
	}

	/** What is known to hold as of seq. The newest word holds, in whatever order they come. */
	ruleIs(key, seq, value) {
		const known = this.rules.get(key);
		if (!known || known.seq < seq)
			this.rules.set(key, { seq, value });
	}

	rule(key) {
		return this.rules.get(key)?.value;
	}

	/** Whether somebody is known to be banned or muted now. */
	holds(act, user) {
		return (this.rule(`${act} ${user}`) || 0) > Date.now();
	}

	/** Who is known to be: [{act, user, until}]. */
	held() {
		return [...this.rules].flatMap(([key, { value }]) => {
			const [, act, user] = /^(ban|mute) ([^]*)$/.exec(key) || [];
			return act && value > Date.now() ? [{ act, user, until: value }] : [];
		});
	}

	#takeReaction(notes, event) {
		let by = notes.reactions.get(event.key);
		if (!by)
			notes.reactions.set(event.key, by = new Map());
		const known = by.get(event.from);
		if (!known || known.seq < event.seq)
			by.set(event.from, { seq: event.seq, on: event.on });
	}

	/** Where seq is in order, or would be. */
	indexOf(seq) {
		let low = 0;
		let high = this.order.length;
		if (high && this.order[high - 1] < seq)
			return high;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.order[middle] < seq)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	/** The message of seq as it looks now: {data, deleted, edited, waiting, reactions}. */
	look(seq, me) {
		const message = this.messages.get(seq);
		const notes = this.notes.get(seq);
		if (!notes)
			return { data: message.data, deleted: message.deleted, deletedBy: '', edited: false, waiting: false, reactions: [] };
		const hoped = notes.hopes.get('edit');
		return {
			data: hoped ? hoped.data : notes.editSeq ? notes.data : message.data,
			deleted: message.deleted || notes.deleted || notes.hopes.has('del'),
			deletedBy: notes.deletedBy,
			edited: notes.editSeq > 0 || hoped !== undefined,
			waiting: hoped !== undefined || notes.hopes.has('del'),
			reactions: reactionsOf(notes, me),
		};
	}

	/** A message on its way, new or put off, unless it has arrived after all. */
	pend({ cid, data, at, error }, from) {
		let message = this.pending.find((other) => other.cid === cid);
		if (!message) {
			message = new Message(undefined, at, from, cid);
			message.data = data;
			if (!this.hasCid(cid, from))
				this.pending.push(message);
		}
		message.why = error ? error.code : '';
		return message;
	}

	/** A cid is its author's: another may have said something under the same. */
	hasCid(cid, from) {
		for (const message of this.messages.values()) {
			if (message.cid === cid && message.from === from)
				return true;
		}
		return false;
	}

	/** A hope is fulfilled, or is none any more, wherever it is known by now. */
	settle(seq, kind, wish) {
		const hopes = this.notes.get(seq)?.hopes;
		if (hopes?.get(kind) === wish)
			hopes.delete(kind);
		this.into?.settle(seq, kind, wish);
	}

	/** A part of the past that reaches up to what is known here becomes known here. */
	absorb(part) {
		part.into = this;
		for (const [seq, message] of part.messages) {
			if (!this.messages.has(seq)) {
				this.messages.set(seq, message);
				this.order.splice(this.indexOf(seq), 0, seq);
			}
		}
		for (const [seq, notes] of part.notes) {
			const mine = this.note(seq);
			mine.last = Math.max(mine.last, notes.last);
			if (notes.editSeq > mine.editSeq)
				Object.assign(mine, { editSeq: notes.editSeq, data: notes.data });
			mine.deleted ||= notes.deleted;
			mine.deletedBy ||= notes.deletedBy;
			for (const [key, by] of notes.reactions) {
				for (const [from, { seq: at, on }] of by)
					this.#takeReaction(mine, { key, from, seq: at, on });
			}
			for (const [kind, hope] of notes.hopes)
				mine.hopes.set(kind, hope);
		}
		for (const [key, { seq, value }] of part.rules)
			this.ruleIs(key, seq, value);
		this.low = Math.min(this.low, part.low);
		this.first = Math.max(this.first, part.first);
	}

	/**
	 * Forgets the oldest messages, where many are known and none of these is at or behind the seq shown. They are pages of
	 * history again. Returns whether it did.
	 */
	trim(shown = Infinity) {
		const count = Math.min(this.order.length - KEPT, this.indexOf(shown));
		if (this.order.length <= MOST || count <= 0)
			return false;
		for (const seq of this.order.splice(0, count))
			this.messages.delete(seq);
		this.low = this.order[0];
		for (const [seq, { last, hopes }] of this.notes) {
			if (seq < this.low && last < this.low && !hopes.size)	/* a later entry is on no page that is loaded again */
				this.notes.delete(seq);
		}
		this.gaps = this.gaps.filter(({ next }) => next > this.low);
		return true;
	}

	unpend(message) {
		this.pending = this.pending.filter((other) => other !== message);
	}

	/** The last message of a user that can still be edited, or null, also while a later one is on its way. */
	lastOf(user) {
		if (this.pending.some((message) => !message.failed))
			return null;
		for (let i = this.order.length - 1; i >= 0 && i >= this.order.length - 200; i--) {
			const message = this.messages.get(this.order[i]);
			if (message.from === user && !message.mod && !this.look(message.seq, user).deleted)
				return message;
		}
		return null;
	}
}

/* [{key, users, mine, waiting}] in the order in which the keys first came. */
function reactionsOf(notes, me) {
	const keys = [...notes.reactions.keys()];
	for (const hope of notes.hopes.keys()) {
		if (hope.startsWith('react ') && !keys.includes(hope.slice(6)))
			keys.push(hope.slice(6));
	}
	const found = [];
	for (const key of keys) {
		const users = [];
		for (const [from, reaction] of notes.reactions.get(key) || []) {
			if (reaction.on && from !== me)
				users.push(from);
		}
		const known = notes.reactions.get(key)?.get(me);
		const hope = notes.hopes.get(`react ${key}`);
		const mine = hope ? hope.on : known !== undefined && known.on;
		if (mine)
			users.push(me);
		if (users.length)
			found.push({ key, users, mine, waiting: hope !== undefined });
	}
	return found;
}
