/* timeline.js - the messages on the screen: a window over a room's model that ends at its newest message. */

import { make, icon, setText, setAvatar, textOf, clock, shortClock, moment, dayOf, dayName, nameList } from './text.js';
import { deed } from './moderation.js';

const PAGE = 50;
const SHOWN_MAX = 1200;		/* messages in the DOM while one reads at the bottom */
const SHOWN_KEPT = 400;
const COMPACT_MS = 5 * 60000;
const NEAR_BOTTOM = 60;		/* px */
const NEAR_TOP = 800;
const JSON_SHOWN_MAX = 4000;
const POINTED_MS = 2500;
const FINAL = new Set(['forbidden', 'not_joined', 'gone']);	/* no page of history comes later where these are said */
/* Why a message that the server did not take yet is tried again. */
const WAITS = {
	storage_full: 'the server has no room on its disk',
	unavailable: 'the server cannot take it now',
	rate_limited: 'a little slower',
	internal: 'the server had a problem',
	slow_mode: 'this room is slow',
};

export class Timeline {
	/**
	 * @param {object} on
	 * @param {() => string} on.me One's user id.
	 * @param {() => boolean} on.reads Whether one may read what was said before.
	 * @param {(model) => Promise<void>} on.older Loads a page before model.low into the model.
	 * @param {(model) => Promise<void>} on.newer Likewise after model.high, of a part of the past.
	 * @param {() => void} on.latest One wants back from the past.
	 * @param {() => boolean} on.connected
	 * @param {() => void} on.bottom The newest message came into view.
	 * @param {(user: string) => boolean} on.over Whether one moderates this user here.
	 * @param {(what: string, seq: number, detail?: any) => void} on.act react, edit, del, moderate, retry, discard.
	 */
	constructor(on) {
		this.on = on;
		this.model = null;
		this.past = false;	/* the model is a part of the past */
		this.stuck = true;	/* the view follows the newest message */
		this.below = 0;		/* messages that came while it did not */
		this.endTop = 0;	/* where the end was when it was last gone to */
		this.loading = false;
		this.shownFrom = Infinity;
		this.nodes = new Map();	/* seq -> entry */
		this.log = document.getElementById('log');
		this.top = document.getElementById('top');
		this.entries = document.getElementById('entries');
		this.tail = make('div', 'entries tail');
		this.log.append(this.tail);
		this.tools = document.getElementById('tools');
		this.toBottom = document.getElementById('to-bottom');
		this.#listen();
	}

	/**
	 * Shows a room from its newest messages, or from the first unread one, or (at) from where a message is as far from the
	 * top as top says. null: nothing. A model with an end (high) is a part of the past.
	 */
	show(model, at = 0, top = undefined) {
		this.model = model;
		this.past = model !== null && model.high !== Infinity;
		this.nodes.clear();
		this.#dropTools();
		this.entries.textContent = '';
		this.shownFrom = Infinity;
		this.stuck = !this.past && !at;
		this.below = 0;
		this.#hush();
		if (model) {
			const start = at || model.newSeq ? model.indexOf(at || model.newSeq) : model.order.length;
			this.#reveal(Math.max(0, Math.min(start - 10, model.order.length - PAGE)));
		}
		this.showPending();
		this.#showTop();
		this.#showToBottom();
		if (at) {
			this.#place(at, top);
			requestAnimationFrame(() => this.#maybeOlder());
			return;
		}
		this.#toEnd();
		const line = model && model.newSeq &&
			(this.nodes.get(model.newSeq) || (model.newSeq < model.low && this.entries.firstElementChild));
		if (line) {
			line.scrollIntoView({ block: 'center' });
			this.#measure();
		}
		requestAnimationFrame(() => this.#maybeOlder());
	}

	/** Goes to a message and points at it. It is in the model. */
	jump(seq) {
		this.stuck = false;
		if (seq < this.shownFrom)
			this.#reveal(Math.max(0, this.model.indexOf(seq) - PAGE / 2));
		this.#place(seq);
		const entry = this.nodes.get(seq);
		if (!entry)
			return;
		for (const other of this.entries.querySelectorAll('.pointed'))
			other.classList.remove('pointed');
		entry.classList.add('pointed');
		setTimeout(() => entry.classList.remove('pointed'), POINTED_MS);
		entry.focus({ preventScroll: true });
	}

	/** The message at the top of the view and where it is: what show() takes. */
	place() {
		const edge = this.log.getBoundingClientRect().top;
		const first = [...this.entries.children].find((entry) => entry.getBoundingClientRect().bottom > edge);
		return first ? [Number(first.dataset.seq), first.getBoundingClientRect().top - edge] : [0, 0];
	}

	/** A message came or changed. */
	update(seq) {
		const model = this.model;
		const index = model.indexOf(seq);
		const isLast = index === model.order.length - 1;
		if (!this.nodes.has(seq) && seq < this.shownFrom && !(isLast && this.shownFrom === Infinity))
			return;
		const known = this.nodes.get(seq);
		this.#draw(seq, index);
		if (!known && !isLast)
			this.#draw(model.order[index + 1], index + 1);
		const message = model.messages.get(seq);
		if (!known && !this.stuck && !message.mod && message.from !== this.on.me()) {
			this.below++;
			this.#showToBottom();
		}
		if (this.stuck)
			this.#shrink();
		this.#toEndSoon();
	}

	/** Draws what is on its way anew. */
	showPending() {
		const pending = this.model ? this.model.pending : [];
		const held = this.tail.contains(document.activeElement)
			? [...this.tail.querySelectorAll('button')].indexOf(document.activeElement) : -1;
		this.tail.replaceChildren(...pending.map((message) => this.#pendingEntry(message)));
		if (held >= 0)
			this.tail.querySelectorAll('button')[held]?.focus();
		this.#toEndSoon();
	}

	/** Where history ends, or that it is being loaded. */
	refreshTop() {
		this.#showTop();
		this.#maybeOlder();
	}

	/** Goes to the newest message. */
	toEnd() {
		this.stuck = true;
		this.#toEnd();
		this.#measure();
	}

	/* ---- drawing ---- */

	#reveal(fromIndex) {
		const order = this.model.order;
		const end = this.shownFrom === Infinity ? order.length : this.model.indexOf(this.shownFrom);
		const before = this.entries.firstChild;
		const fresh = [];
		for (let i = fromIndex; i < end; i++)
			fresh.push(this.#entry(order[i], i));
		const fragment = document.createDocumentFragment();
		fragment.append(...fresh);
		this.entries.insertBefore(fragment, before);
		this.#letMeasure(fresh);
		if (fromIndex < end)
			this.shownFrom = order[fromIndex];
		if (end < order.length && fromIndex < end)
			this.#draw(order[end], end);
	}

	/* Entries are laid out in full once, so that their true heights are known before they may be skipped. */
	#letMeasure(fresh) {
		for (const entry of fresh)
			entry.classList.add('fresh');
		setTimeout(() => requestAnimationFrame(() => {
			for (const entry of fresh)
				entry.classList.remove('fresh');
		}), 200);
	}

	#draw(seq, index) {
		const old = this.nodes.get(seq);
		if (!old) {
			const after = this.nodes.get(this.model.order[index + 1]);
			this.entries.insertBefore(this.#entry(seq, index), after || null);
			this.shownFrom = Math.min(this.shownFrom, seq);
			return;
		}
		const focused = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
		this.#fill(old, seq, index);
		if (focused)
			old.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
	}

	#entry(seq, index) {
		const entry = make('div', 'entry');
		entry.dataset.seq = seq;
		entry.tabIndex = -1;
		this.nodes.set(seq, entry);
		this.#fill(entry, seq, index);
		return entry;
	}

	#fill(entry, seq, index) {
		const model = this.model;
		const message = model.messages.get(seq);
		const before = index > 0 ? model.messages.get(model.order[index - 1]) : null;
		const look = model.look(seq, this.on.me());
		const day = !before || dayOf(before.ts) !== dayOf(message.ts);
		const gap = model.gaps.find((hole) => hole.next <= seq && (!before || hole.after >= before.seq));
		const isNew = seq === model.newSeq;
		const compact = !day && !gap && !isNew && !before.mod && before.from === message.from && message.ts - before.ts < COMPACT_MS;
		const active = entry.contains(this.tools);
		const parts = [];
		if (day)
			parts.push(make('div', 'rule day', null, make('span', '', dayName(message.ts))));
		if (gap)
			parts.push(make('div', 'rule gap', null, make('span', '', `${gap.n} ${gap.n === 1 ? 'entry' : 'entries'} could not be delivered`)));
		if (isNew)
			parts.push(make('div', 'rule new', null, make('span', '', 'New')));
		parts.push(message.mod ? this.#deed(message) : this.#message(message, look, compact));
		entry.replaceChildren(...parts);
		if (active)
			this.#giveTools(entry);
	}

	#deed({ mod, ts }) {
		const time = make('time', '', clock(ts));
		time.dateTime = new Date(ts).toISOString();
		time.title = moment(ts);
		return make('div', 'deed', null, icon('shield'), make('span', 'deed-text', deed(mod)), time);
	}

	#message(message, look, compact) {
		const own = message.from === this.on.me();
		const node = make('div', 'message');
		node.classList.toggle('own', own);
		node.classList.toggle('compact', compact);
		node.classList.toggle('waiting', look.waiting);
		const time = make('time', '', compact ? shortClock(message.ts) : clock(message.ts));
		time.dateTime = new Date(message.ts).toISOString();
		time.title = moment(message.ts);
		const author = make('bdi', compact ? 'author hidden' : 'author', message.from);
		const body = make('div', 'body', null, make('div', 'meta', null, author, time), this.#content(look, message.from));
		if (look.reactions.length)
			body.append(this.#reactions(message.seq, look));
		if (compact)
			node.append(body);
		else
			node.append(setAvatar(make('span'), message.from), body);
		node.querySelector('.avatar')?.setAttribute('aria-hidden', 'true');
		return node;
	}

	#content(look, author) {
		if (look.deleted) {
			const other = look.deletedBy && look.deletedBy !== author ? ` by ${look.deletedBy.replace(/^@/, 'operator ')}` : '';
			return make('div', 'text deleted', `This message was deleted${other}`);
		}
		const text = textOf(look.data);
		if (text === null)
			return make('pre', 'json', (JSON.stringify(look.data, null, 2) ?? 'null').slice(0, JSON_SHOWN_MAX));
		const content = make('div', 'text');
		content.dir = 'auto';
		setText(content, text);
		if (look.edited)
			content.append(' ', make('span', 'edited', '(edited)'));
		return content;
	}

	#reactions(seq, look) {
		const row = make('div', 'reactions');
		for (const { key, users, mine, waiting } of look.deleted ? [] : look.reactions) {
			const button = make('button', 'reaction', null, make('span', 'key', key), make('span', 'n', String(users.length)));
			const names = nameList(users.map((user) => user === this.on.me() ? 'you' : user), 8);
			button.dataset.key = key;
			button.title = names;
			button.setAttribute('aria-pressed', String(mine));
			button.setAttribute('aria-label', `${key} ${users.length}, ${names}`);
			button.classList.toggle('waiting', waiting);
			button.addEventListener('click', () => this.on.act('react', seq, { key, on: !mine }));
			row.append(button);
		}
		return row;
	}

	#pendingEntry(message) {
		const look = { data: message.data, deleted: false, edited: false, waiting: !message.failed, reactions: [] };
		const node = this.#message(message, look, false);
		node.classList.add(message.failed ? 'failed' : 'pending');
		const state = make('div', 'sending');
		if (message.failed) {
			const retry = make('button', 'text-button', 'Try again');
			const discard = make('button', 'text-button', 'Discard');
			retry.addEventListener('click', () => this.on.act('retry', 0, message));
			discard.addEventListener('click', () => this.on.act('discard', 0, message));
			state.append(make('span', 'problem', `Not sent: ${message.failed}.`), ' ', retry, ' ', discard);
		} else {
			const waits = WAITS[message.why];
			const text = !this.on.connected() ? 'Sent when the connection is back' : waits ? `Waiting: ${waits}` : 'Sending';
			state.append(icon('clock'), make('span', '', text));
		}
		node.querySelector('.body').append(state);
		const entry = make('div', 'entry', null, node);
		entry.dataset.cid = message.cid;
		entry.setAttribute('role', 'group');
		entry.setAttribute('aria-label', message.failed ? 'A message that was not sent' : 'A message that is on its way');
		return entry;
	}

	#showTop() {
		const model = this.model;
		if (!model) {
			this.top.replaceChildren(make('div', 'start', null, make('h2', '', 'No room is open'),
				make('p', '', 'Join one in the list, or make a new one by its name.')));
		} else if (!model.live && !model.order.length) {
			this.top.replaceChildren(make('div', 'spinner'));
		} else if (this.#hasOlder()) {
			this.top.replaceChildren(make('div', 'spinner'));
		} else if (model.low > model.first && model.shut !== 'gone') {
			this.top.replaceChildren(make('div', 'start small', null, make('p', '', 'You may not read what was said before.')));
		} else if (model.first > 1) {
			this.top.replaceChildren(make('div', 'start small', null, make('p', '', 'What was said before is no longer kept.')));
		} else {
			this.top.replaceChildren(make('div', 'start', null, make('span', 'start-hash', '#'),
				make('h2', '', model.name), make('p', '', 'This is where the room begins. Say something.')));
		}
	}

	/* ---- scrolling ---- */

	#hasOlder() {
		const model = this.model;
		return model !== null && ((model.low > model.first && this.#mayAsk(model)) ||
			(model.order.length > 0 && model.order[0] < this.shownFrom));
	}

	#mayAsk(model) {
		return !model.shut && this.on.reads();
	}

	/* Another page is asked for in a while, if it may come. */
	async #failed(model, { code }) {
		model.shut = FINAL.has(code) ? code : '';
		if (model.shut && this.model === model)
			this.#showTop();
		else
			await new Promise((resume) => setTimeout(resume, 2000));
	}

	async #maybeOlder() {
		const model = this.model;
		if (this.loading || !model || !model.live || !this.#hasOlder() || this.log.scrollTop > NEAR_TOP)
			return;
		this.loading = true;
		this.log.setAttribute('aria-live', 'off');
		try {
			if (!(model.order[0] < this.shownFrom))
				await this.on.older(model);
			if (this.model === model)
				this.#grow();
		} catch (error) {
			await this.#failed(model, error);
		}
		this.loading = false;
		this.#hush();
		if (this.model)
			requestAnimationFrame(() => this.#maybeOlder());
	}

	/* Only a part of the past has newer messages to load. */
	async #maybeNewer() {
		const model = this.model;
		const left = this.log.scrollHeight - this.log.clientHeight - this.log.scrollTop;
		if (this.loading || !this.past || !this.#mayAsk(model) || left > NEAR_TOP)
			return;
		this.loading = true;
		this.#hush();
		try {
			await this.on.newer(model);
			if (this.model === model) {
				const last = Number(this.entries.lastElementChild?.dataset.seq || 0);
				for (let i = model.indexOf(last + 1); i < model.order.length; i++)
					this.#draw(model.order[i], i);
			}
		} catch (error) {
			await this.#failed(model, error);
		}
		this.loading = false;
		if (this.model && this.past)
			requestAnimationFrame(() => this.#maybeNewer());
	}

	/* Heights are guessed until they were seen, so it is placed again once they are. */
	#place(seq, top) {
		const put = () => {
			const entry = this.nodes.get(seq);
			if (!entry)
				return;
			if (top === undefined)
				entry.scrollIntoView({ block: 'center' });
			else
				this.log.scrollTop += entry.getBoundingClientRect().top - this.log.getBoundingClientRect().top - top;
		};
		put();
		this.#measure();
		requestAnimationFrame(() => {
			put();
			this.#measure();
		});
	}

	/* Older messages come in above; what one reads stays where it is. */
	#grow() {
		this.#measure();	/* a scroll is told of a frame late */
		const index = this.shownFrom === Infinity ? this.model.order.length : this.model.indexOf(this.shownFrom);
		const anchor = this.entries.firstElementChild;
		const was = anchor ? anchor.getBoundingClientRect().bottom : 0;	/* its top may lose the day, or the author */
		this.log.classList.add('still');
		this.#reveal(Math.max(0, index - PAGE));
		this.#showTop();
		if (this.stuck)
			this.#toEnd();
		else if (anchor)
			this.log.scrollTop += anchor.getBoundingClientRect().bottom - was;
		this.log.classList.remove('still');
	}

	/* Who reads at the bottom for hours needs no more than the last messages in the DOM. */
	#shrink() {
		if (this.nodes.size <= SHOWN_MAX)
			return;
		const order = this.model.order;
		const keep = order.length - SHOWN_KEPT;
		for (let i = this.model.indexOf(this.shownFrom); i < keep; i++) {
			this.nodes.get(order[i])?.remove();
			this.nodes.delete(order[i]);
		}
		this.shownFrom = order[keep];
		this.#draw(order[keep], keep);
		this.#showTop();
		this.#toEnd();
	}

	#toEnd() {
		this.log.scrollTop = this.log.scrollHeight;
		this.endTop = this.log.scrollTop;
	}

	#toEndSoon() {
		if (this.stuck && !this.ending) {
			this.ending = requestAnimationFrame(() => {
				this.ending = 0;
				if (this.stuck)
					this.#toEnd();
			});
		}
	}

	/* A scroll is told of a frame late: messages that came since do not mean that one scrolled up. */
	#measure() {
		const { scrollTop, scrollHeight, clientHeight } = this.log;
		this.stuck = !this.past &&
			(scrollHeight - clientHeight - scrollTop < NEAR_BOTTOM || (this.stuck && scrollTop >= this.endTop));
		if (this.stuck) {
			this.below = 0;
			this.on.bottom();
		}
		this.#showToBottom();
	}

	#showToBottom() {
		this.toBottom.hidden = this.stuck;
		const text = this.below ? `${this.below} new ${this.below === 1 ? 'message' : 'messages'}` : 'Latest messages';
		document.getElementById('to-bottom-text').textContent = text;
		this.toBottom.classList.toggle('news', this.below > 0);
	}

	/* A room that is opened, or history, is not read aloud. */
	#hush() {
		this.log.setAttribute('aria-live', 'off');
		clearTimeout(this.hushed);
		this.hushed = setTimeout(() => this.log.setAttribute('aria-live', 'polite'), 500);
	}

	/* ---- pointer and keyboard ---- */

	#listen() {
		this.log.addEventListener('scroll', () => {
			this.#measure();
			this.#maybeOlder();
			this.#maybeNewer();
		}, { passive: true });
		this.toBottom.addEventListener('click', () => {
			if (this.past)
				this.on.latest();
			else
				this.toEnd();
		});
		const follow = new ResizeObserver(() => {
			if (this.stuck)
				this.#toEnd();
		});
		follow.observe(this.log);
		follow.observe(this.entries);
		follow.observe(this.tail);
		this.log.addEventListener('pointerover', (event) => {
			if (event.pointerType === 'mouse')
				this.#giveTools(event.target.closest('.entry'));
		});
		this.log.addEventListener('pointerleave', (event) => {
			if (event.pointerType === 'mouse' && !this.tools.contains(document.activeElement))
				this.#dropTools();
		});
		this.log.addEventListener('click', (event) => {
			if (!event.target.closest('a, button'))
				this.#giveTools(event.target.closest('.entry'));
		});
		this.log.addEventListener('focusin', (event) => this.#giveTools(event.target.closest('.entry')));
		this.log.addEventListener('keydown', (event) => this.#key(event));
		this.tools.addEventListener('click', (event) => {
			const button = event.target.closest('button');
			const entry = this.tools.closest('.entry');
			if (button && entry)
				this.on.act(button.dataset.do, Number(entry.dataset.seq), button);
		});
	}

	#giveTools(entry) {
		if (entry && entry.contains(this.tools) && !this.tools.hidden)
			return;		/* moving it would take its focus, and the click that is under way */
		const seq = entry ? Number(entry.dataset.seq) : 0;
		const message = seq && this.model ? this.model.messages.get(seq) : null;
		if (!message || message.mod || this.model.look(seq, this.on.me()).deleted) {
			this.#dropTools();
			return;
		}
		const own = message.from === this.on.me();
		const editable = own && textOf(message.data) !== null;
		this.tools.querySelector('[data-do=edit]').hidden = !editable;
		const over = this.on.over(message.from);
		this.tools.querySelector('[data-do=del]').hidden = !own && !over;
		this.tools.querySelector('[data-do=moderate]').hidden = !over;
		this.tools.closest('.entry')?.classList.remove('active');
		entry.classList.add('active');
		entry.querySelector('.message').append(this.tools);
		this.tools.hidden = false;
	}

	#dropTools() {
		this.tools.closest('.entry')?.classList.remove('active');
		this.tools.hidden = true;
		document.body.append(this.tools);
	}

	#key(event) {
		const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
		if (!step || event.altKey || event.ctrlKey || event.metaKey || event.target.closest('button, a'))
			return;
		const entry = event.target.closest('.entry');
		const last = this.entries.lastElementChild;
		const next = !entry ? (step < 0 ? last : null)
			: step < 0 ? entry.previousElementSibling : entry.nextElementSibling;
		if (!next)
			return;
		event.preventDefault();
		next.focus({ preventScroll: true });
		next.scrollIntoView({ block: 'nearest' });
	}
}
