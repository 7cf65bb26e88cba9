/**
 * uproar.js - a client of the Uproar chat engine (docs/protocol/native.md), in one file, without dependencies.
 *
 * It keeps one connection, comes back by itself, resumes every room where it stopped, sends what was not acknowledged
 * again under the same id, and hands on every event of a room once and in order. Works in browsers and in Node.
 * docs/protocol/uproar-js.md shows how it is used. One file, so that an app can copy it.
 *
 *	import { Uproar } from './uproar.js';
 *	const chat = new Uproar({ url: 'wss://chat.example/ws', name: 'Ann' });
 *	chat.on('msg', (m) => console.log(m.from, m.data));
 *	await chat.join('general');
 *	await chat.send('general', { text: 'hello' });
 *
 * @module uproar
 */

/**
 * @typedef {object} Position Where one stands in a room.
 * @property {number} seq The last number seen.
 * @property {string} epoch The log it belongs to.
 *
 * @typedef {object} RoomEvent An entry of a room's log: `msg`, `edit`, `del`, `react` or `mod`.
 * @property {'msg'|'edit'|'del'|'react'|'mod'} ev
 * @property {string} room
 * @property {number} seq 1, 2, 3… in an epoch.
 * @property {number} ts Milliseconds since 1970.
 * @property {string} from The author's user id; of `mod` done by the server's operators: `@` and the name of their key.
 * @property {string} [cid] The sender's id for it.
 * @property {*} [data] msg, edit: what the application sent.
 * @property {boolean} [deleted] msg: its data was dropped.
 * @property {number} [target] edit, del, react: the message's seq.
 * @property {number} [rev] edit: 1, 2, 3…
 * @property {string} [key] react.
 * @property {boolean} [on] react.
 * @property {Act} [act] mod.
 * @property {string} [user] mod: whom it concerns.
 * @property {number} [until] mod: when it ends, in milliseconds since 1970; absent: not by itself.
 * @property {number} [every] mod, slow: seconds between two messages of a member; 0: not slow any more.
 * @property {string} [reason] mod.
 *
 * @typedef {'kick'|'ban'|'unban'|'mute'|'unmute'|'slow'|'lock'|'unlock'} Act
 *
 * @typedef {object} Removed One is not in the room any more.
 * @property {string} room
 * @property {string} [act] Why: `kick`, `ban`, or what else ended the membership.
 * @property {number} [until] ban: when it ends.
 * @property {string} [reason]
 *
 * @typedef {'first'|'return'|'refused'|'expiring'} TokenNeed Why a token is asked for: there was none yet; the connection was
 *	lost; the server does not take the last one; it ends soon.
 *
 * @typedef {object} User
 * @property {string} id
 * @property {number} n Connections of this user in the room.
 *
 * @typedef {object} JoinOptions
 * @property {number} [limit=50] Events wanted of the latest, 0..200.
 * @property {boolean} [presence=false] Be told who comes, goes, types and reads.
 * @property {boolean} [echo=true] false: do not be given back what this connection sends.
 * @property {Position} [since] Resume from a position kept from an earlier run.
 *
 * @typedef {object} Joined A join's answer.
 * @property {string} room
 * @property {string} epoch
 * @property {number} seq The room's last number.
 * @property {number} first The oldest number kept.
 * @property {number} n Connections in the room.
 * @property {'memory'|'disk'} class What an acknowledgement means here.
 * @property {boolean} [recovered] Only when resuming: whether all that was missed follows.
 * @property {'epoch'|'gap'} [reason] Why not.
 * @property {boolean} more
 * @property {number} [read] One's own read mark.
 * @property {string[]} [rights] What one may do here: `read` `send` `history` `presence` `moderate` `manage`.
 * @property {number} [every] The room is slow: seconds between two messages.
 * @property {boolean} [locked] Only who moderates may write.
 * @property {User[]} [users]
 * @property {boolean} [users_more]
 * @property {RoomEvent[]} events
 *
 * @typedef {object} Ack The message is kept.
 * @property {string} room
 * @property {number} seq
 * @property {number} ts
 * @property {string} epoch
 * @property {'memory'|'disk'} class
 * @property {boolean} [dup] It had arrived before.
 *
 * @typedef {Promise<Ack> & {cid: string}} Sending
 *
 * @typedef {object} Page
 * @property {string} room
 * @property {string} epoch
 * @property {RoomEvent[]} events Ascending.
 * @property {number} first
 * @property {number} seq
 * @property {boolean} more
 *
 * @typedef {object} Found What a search found.
 * @property {string} room
 * @property {string} epoch
 * @property {RoomEvent[]} events Messages as they look now, ascending; `rev` on those that were edited.
 * @property {boolean} more There are older ones: ask with `before` the first one's seq.
 *
 * @typedef {object} Unsent A send, edit, deletion or reaction without an acknowledgement, or what became of it.
 * @property {string} room
 * @property {string} cid
 * @property {'send'|'edit'|'del'|'react'} op
 * @property {'pending'|'sent'|'failed'} state
 * @property {number} at When it was asked for, by Date.now().
 * @property {*} [data] send, edit.
 * @property {number} [target] edit, del, react.
 * @property {string} [key] react.
 * @property {boolean} [on] react.
 * @property {boolean} [restored] It was left by an earlier run.
 * @property {Ack} [ack] sent.
 * @property {UproarError} [error] failed: why. pending: why it was put off; it is tried again by itself.
 *
 * @typedef {'connecting'|'connected'|'waiting'|'offline'|'closed'} State
 *
 * @typedef {object} StateChange
 * @property {State} state `waiting`: between two attempts. `offline`: likewise, and the system knows of no network.
 * @property {number} attempt Connections lost or not come to be, since the last good one.
 * @property {number} [delayMs] waiting, offline: until the next attempt.
 * @property {number} [at] waiting, offline: when that is, by Date.now().
 * @property {number} [code] The close code that led here.
 * @property {string} [reason]
 * @property {boolean} [fatal] closed: the server does not want this client back as it is.
 * @property {UproarError} [error] closed: what hello, or getToken, was refused with; `banned`: from the whole server.
 * @property {number} [until] closed, by a ban: when it ends, by Date.now(). Absent: later than a day from now, or not known.
 */

const SUBPROTOCOL = 'uproar.v1';
const HELLO_MS = 10000;		/* for the socket to open, and for hello's answer */
const CLOSE_MS = 1000;		/* for the close code that follows a refused hello */
const GRACE_MS = 8000;		/* what the protocol grants either side to answer a ping */
const STEADY_MS = 10000;	/* a connection that lived this long was a good one */
const PROBE_MS = 5000;		/* silence that is doubted when the system says something changed */
const TYPING_MS = 3000;
const MARKS_MS = 1000;		/* between read marks that are told */
const MARKS_MAX = 16;		/* rooms whose marks are told at once */
const TOKEN_MS = 20000;		/* for getToken() */
const TOKEN_AGAIN_MS = 10000;	/* after it failed, while the old one still holds */
const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 20000;
const UNACKED_MAX = 64;		/* the server finds a repeated cid among this many */
const INTERNAL_TRIES_MAX = 5;
const HOLD_MS = 1000;		/* at most, of all rooms for a refusal that may be about one */
const HOLD_MAX_MS = 20000;	/* for a rate, however often it refuses in a row */
const ASKS_MAX = 64;		/* questions and leaves on their way: refused all at once they are no flood yet */
const ASK_AGAIN_MS = 30000;	/* for so long a question that is refused for its rate is asked again */
const PUT_OFF_MAX_MS = 60000;	/* between two attempts to join a room that cannot be had now */
const UNLIMITED = 1000000;	/* sends a second, where hello says 0 */
const SHELF = 'uproar.sends';
const SHELF_MS = 7 * 24 * 3600 * 1000;	/* what nobody sent for so long is not sent any more */

/** Close codes after which coming back unchanged is of no use. */
const FATAL = new Set([1002, 1003, 1007, 1008, 1009, 4400, 4401, 4403, 4409, 4410, 4412, 4413, 4429]);
/** Of these, what another token may mend. */
const TOKEN = new Set([4401, 4410]);
/** Refusals that end by themselves, but are no reason to say the same again then. */
const FINAL = new Set(['banned', 'muted', 'read_only', 'unauthorized', 'forbidden']);
const FULL_RANGE = new Set([4408, 4414, 4508, 4513]);
/** What a connection is closed with whose hello was refused, where the code itself got lost; 4401 for any other refusal. */
const CLOSES = { banned: 4412, forbidden: 4403, limit: 4414, rate_limited: 4513, unavailable: 4513 };
const BAN_TOLD_MS = 24 * 3600 * 1000;	/* a ban that lasts longer is told as one of a day */

/** A command that was refused, or given up. `code` is one of the protocol's error codes, or `closed`. */
export class UproarError extends Error {
	/**
	 * @param {string} code
	 * @param {string} [message]
	 * @param {number} [retryMs]
	 */
	constructor(code, message, retryMs) {
		super(message || code);
		this.name = 'UproarError';
		this.code = code;
		this.retryMs = retryMs;
	}
}

/** What listeners are given: an Event with `detail`. */
export class UproarEvent extends Event {
	/**
	 * @param {string} type
	 * @param {*} detail
	 */
	constructor(type, detail) {
		super(type);
		this.detail = detail;
	}
}

/**
 * 96 random bits, as a cid's producer.
 * @returns {string}
 */
export function drawProducer() {
	const bytes = crypto.getRandomValues(new Uint8Array(12));
	return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_');
}

/**
 * The wait before an attempt: full jitter from 0.5 s to min(20, 2^attempt) s.
 * @param {number} attempt From 1.
 * @param {number} random 0 <= random < 1.
 * @returns {number} Milliseconds.
 */
export function backoffMs(attempt, random) {
	const most = Math.min(BACKOFF_MAX_MS, 1000 * 2 ** Math.min(attempt, 10));
	return Math.round(BACKOFF_MIN_MS + random * (most - BACKOFF_MIN_MS));
}

/* At least ms, and twice as long each time, up to a most. */
function grown(ms, times, most) {
	return Math.max(ms, Math.min(most, ms * 2 ** Math.min(times, 20)));
}

/*
 * How many commands of a kind may be on their way. As many as limit says, until one is refused for its rate. Then none for a
 * while, then one, and one more for every two that pass: the server ends whoever is refused oftener than let through.
 */
class Pace {
	constructor(limit = Infinity) {
		this.limit = limit;
		this.reset();
	}

	/* Of a new connection. */
	reset() {
		this.under = 0;		/* on their way */
		this.most = this.limit;
		this.heldUntil = 0;
		this.refusals = 0;	/* for the rate, since one passed; what left together counts once */
	}

	get full() {
		return this.under + 1 > this.most;
	}

	passed(now) {
		this.under--;
		if (now < this.heldUntil)
			return;		/* it left before */
		this.refusals = 0;
		this.most = Math.min(this.limit, this.most + 0.5);
	}

	/* Refused for what it is. */
	settled() {
		this.under--;
	}

	refused(now, ms, forRate) {
		this.under--;
		if (forRate && now >= this.heldUntil)
			this.refusals++;
		this.most = 1;
		this.heldUntil = Math.max(this.heldUntil, now + grown(ms, Math.max(0, this.refusals - 1), HOLD_MAX_MS));
	}
}

/* A room that is wanted. joined is about the present connection; seq is null until the first join. */
class Room {
	constructor(name, options) {
		this.name = name;
		this.options = options;
		this.joined = false;
		this.entering = false;	/* a join is on its way */
		this.enterAt = 0;
		this.putOff = 0;	/* joins that were, in a row */
		this.refusedAt = 0;	/* who was refused last has the last turn */
		this.epoch = options.since ? options.since.epoch : '';
		this.seq = options.since ? options.since.seq : null;
		this.mark = 0;
		this.typedAt = -Infinity;
		this.heldUntil = 0;
		this.slowUntil = 0;	/* of messages alone: the room is slow */
		this.rights = [];
		this.sends = [];	/* not acknowledged yet, ascending by n */
		this.asks = [];		/* history, search, presence and mod without an answer yet */
		this.ready = null;	/* the first join's promise */
	}
}

/*
 * Unacknowledged sends in a Storage, a key each, so that a later run can send them under their first cids. Which of several
 * living clients (tabs) does so is settled by a lock for each producer, held as long as the client lives. Where there are no
 * locks more than one may send the same: the cid makes that harmless.
 */
class Shelf {
	constructor(storage, locks, owner) {
		this.storage = storage;
		this.locks = locks;
		this.owner = owner;	/* {name, url}: sends of others are left alone */
		this.letGo = new AbortController();
	}

	put(send) {
		const { room, cid } = send.frame;
		try {
			this.storage.setItem(`${SHELF}/${cid}/${room}`, JSON.stringify({ ...this.owner, at: send.at, frame: send.frame }));
		} catch {
			/* it is full, or forbidden: then this one is lost with the page */
		}
	}

	drop(send) {
		try {
			this.storage.removeItem(`${SHELF}/${send.frame.cid}/${send.frame.room}`);
		} catch {
			/* likewise */
		}
	}

	/* Calls take(list of {frame, at}) for what each producer left, once its lock is had; of one's own at once. */
	open(own, take) {
		take(this.#read(own));
		this.#hold(own, () => {});
		for (const producer of new Set(this.#keys('').map((key) => key.split('/')[1].split(':')[0]))) {
			if (producer !== own)
				this.#hold(producer, () => take(this.#read(producer)));
		}
	}

	close() {
		this.letGo.abort();
	}

	#hold(producer, run) {
		const { signal } = this.letGo;
		if (!this.locks) {
			run();
			return;
		}
		const held = () => {
			run();
			return new Promise((done) => signal.addEventListener('abort', done, { once: true }));
		};
		this.locks.request(`${SHELF}/${producer}`, { signal }, held).catch(() => {});
	}

	#keys(producer) {
		const keys = [];
		try {
			for (let i = 0; i < this.storage.length; i++)
				keys.push(this.storage.key(i));
		} catch {
			return [];
		}
		return keys.filter((key) => key.startsWith(`${SHELF}/${producer && `${producer}:`}`));
	}

	#read(producer) {
		const found = [];
		for (const key of this.#keys(producer)) {
			let kept = null;
			try {
				kept = JSON.parse(this.storage.getItem(key));
			} catch {
				/* not ours */
			}
			if (!kept || !kept.frame || !(Date.now() - kept.at < SHELF_MS))
				this.storage.removeItem(key);
			else if (kept.name === this.owner.name && kept.url === this.owner.url)
				found.push(kept);
		}
		const number = ({ frame }) => Number(frame.cid.split(':')[1]);
		return found.sort((a, b) => number(a) - number(b));
	}
}

/* Date.now() without its steps back, by which all would wait longer. performance.now() may not count a machine's sleep. */
function forwards() {
	let last = -Infinity;
	let behind = 0;
	return () => {
		const now = Date.now();
		behind += Math.max(0, last - now);
		last = now;
		return now + behind;
	};
}

const realClock = {
	now: forwards(),
	random: () => Math.random(),
	setTimeout: (run, ms) => setTimeout(run, ms),
	clearTimeout: (timer) => clearTimeout(timer),
};

/**
 * A client. Events, by `on(type, run)` or `addEventListener(type, …)` with `detail`:
 *
 * | type | detail | |
 * |---|---|---|
 * | `state` | StateChange | the connection's state changed |
 * | `joined` | Joined | a room is joined, again too; its events follow one by one |
 * | `reset` | {room, reason} | **drop your copy of the room**: it could not be resumed. `joined` follows |
 * | `delayed` | {room, error, delayMs, at} | a room cannot be joined now; it is tried again, not before `at` by Date.now() |
 * | `refused` | {room, error} | a room could not be joined; it is given up |
 * | `removed` | Removed | one was kicked or banned, or may not read the room any more; it is given up |
 * | `msg` `edit` `del` `react` `mod` | RoomEvent | each once, ascending in a room |
 * | `in` `out` `count` `typing` `read` | as on the wire | with presence: true |
 * | `outbox` | Unsent | something to be sent is new, was acknowledged, put off or refused |
 * | `lagged` | {room, after, next, n} | numbers between after and next were not given |
 * | `slow` | {room} | presence may be stale |
 * | `expiring` | {inMs} | the token ends soon; with getToken a new one is fetched by itself |
 * | `notice` | as on the wire | any notice |
 */
export class Uproar extends EventTarget {
	#options;
	#clock;
	#Socket;
	#socket = null;
	#state = 'closed';
	#open = false;		/* the socket is open */
	#greeted = false;	/* hello was answered */
	#refusal = null;	/* what it was refused with: the close code follows */
	#ended = true;		/* nobody wants a connection */
	#attempt = 0;
	#lastId = 0;
	#waiting = new Map();	/* id -> {done(ok), failed(error), lost()} of this connection */
	#rooms = new Map();
	#leaving = new Map();	/* rooms that the server has not let go yet -> whether a leave is on its way */
	#numbers = new Map();	/* room -> last n of a cid: outlives leave */
	#shelf = null;
	#restored = new Map();	/* room -> sends of an earlier run, until it is joined */
	#joins = new Pace();
	#sends = new Pace();
	#asks = new Pace(ASKS_MAX);
	#marks = new Set();	/* rooms whose read marks the server has not been told */
	#heardAt = 0;
	#comeBackAt = 0;	/* drawn by the server, 0 for none */
	#timers = {};
	#tokens = 0;
	#tokensAt = 0;
	#token = undefined;	/* to be shown in hello */
	#need = 'first';	/* for what the next token is */
	#fetching = null;	/* the dial that waits for one */
	#badTokens = 0;		/* in a row */
	#unhook = () => {};

	/**
	 * @param {object} options
	 * @param {string} options.url `ws://…/ws` or `wss://…/ws`; in a browser also a path such as `/ws`.
	 * @param {string} [options.name] Who one is, as a guest. With a token it is the token that says so.
	 * @param {string} [options.agent] Name and version of the app, for the server's log.
	 * @param {string} [options.token] Who one is, signed. One that ends is of use until then; see getToken.
	 * @param {(need: TokenNeed) => Promise<string>|string} [options.getToken] Asked for a token before each connection, and
	 *	when the last one ends soon or was refused. If it fails it is asked again later, but for an error with `fatal: true`.
	 * @param {boolean} [options.connect=true] false: wait for connect().
	 * @param {number} [options.queueMax=1000] Unacknowledged sends kept in a room; more are refused with `limit`.
	 * @param {Storage} [options.storage] Keep unacknowledged sends there, usually localStorage: the next run of the same
	 *	name and url sends them when their room is joined. Without: they are lost with the page.
	 * @param {LockManager|null} [options.locks] Tells living tabs apart; navigator.locks by default.
	 * @param {typeof WebSocket} [options.WebSocket] Where there is none (Node < 22): the one of the package `ws`.
	 * @param {object} [options.clock] For tests: {now, random, setTimeout, clearTimeout, producer}.
	 */
	constructor(options) {
		super();
		this.#options = { agent: 'uproar.js/1.0', connect: true, queueMax: 1000, ...options };
		this.#clock = options.clock || realClock;
		this.#Socket = options.WebSocket || globalThis.WebSocket;
		if (!this.#Socket)
			throw new TypeError('no WebSocket here: pass one as options.WebSocket');
		/** @type {string} The first part of this instance's cids. An earlier one's would make new messages repeated ones. */
		this.producer = this.#clock.producer?.() || drawProducer();
		this.#token = options.token;
		/** @type {string} One's user id, as it stands in `from`; with a token known from the first `connected` on. */
		this.user = options.name || '';
		/** @type {string} This connection's name on the server. */
		this.conn = '';
		/** @type {string} The server's version. */
		this.server = '';
		/** @type {number} Server's clock minus ours, in ms. */
		this.skewMs = 0;
		/** @type {number} Keepalive period in s. */
		this.ping = 25;
		/** @type {{frame: number, data: number, rooms: number, page: number, sends: number}} */
		this.limits = { frame: 65536, data: 16384, rooms: 128, page: 200, sends: 20 };
		this.#openShelf();
		if (this.#options.connect)
			this.connect();
	}

	/** @returns {State} */
	get state() {
		return this.#state;
	}

	/** @returns {string[]} The rooms that are wanted. */
	get rooms() {
		return [...this.#rooms.keys()];
	}

	/** @returns {number} Sends, edits, deletions and reactions without an acknowledgement. */
	get unacked() {
		let count = 0;
		for (const room of this.#rooms.values())
			count += room.sends.length;
		return count;
	}

	/**
	 * What waits for an acknowledgement in a room, in the order in which it is sent.
	 * @param {string} name
	 * @returns {Unsent[]}
	 */
	outbox(name) {
		const room = this.#rooms.get(name);
		return (room ? room.sends : []).map((send) => unsentOf(send, 'pending'));
	}

	/**
	 * Listens. The listener is given the detail alone.
	 * @param {string} type
	 * @param {(detail: any) => void} run
	 * @returns {() => void} Call it to stop listening.
	 */
	on(type, run) {
		/* Of a promise that a listener returns, Node makes an uncaught exception. */
		const listener = (event) => {
			run(event.detail);
		};
		this.addEventListener(type, listener);
		return () => this.removeEventListener(type, listener);
	}

	/** Connects, after close() or a fatal close. Otherwise attempts at once instead of waiting further. */
	connect() {
		if (this.#ended) {
			this.#ended = false;
			this.#openShelf();
			this.#attempt = 0;
			this.#hook();
			this.#dial();
		} else if (!this.#socket && !this.#fetching && this.#clock.now() >= this.#comeBackAt) {
			this.#dial();
		}
	}

	/**
	 * Closes for good. What is not acknowledged is rejected with code `closed`; rooms are forgotten. What is in
	 * options.storage stays there for the next run.
	 */
	close() {
		for (const room of [...this.#marks])
			this.#tellMark(room);
		this.#end({ code: 1000, reason: 'closed by the app' });
		const shelf = this.#shelf;
		this.#shelf = null;
		for (const room of [...this.#rooms.values()])
			this.#forget(room, new UproarError('closed', 'the client was closed'));
		this.#restored.clear();
		if (shelf)
			shelf.close();
	}

	/**
	 * Joins a room and stays in it over all reconnections, until leave(). Joining twice gives the first promise.
	 * @param {string} name
	 * @param {JoinOptions} [options]
	 * @returns {Promise<Joined>}
	 */
	join(name, options = {}) {
		const known = this.#rooms.get(name);
		if (known)
			return known.ready.promise;
		const room = new Room(name, options);
		room.ready = deferred();
		this.#rooms.set(name, room);
		this.#unpack(room);
		this.#enterRooms();
		return room.ready.promise;
	}

	/**
	 * Leaves a room. What is unacknowledged there is rejected with code `closed`.
	 * @param {string} name
	 */
	leave(name) {
		const room = this.#rooms.get(name);
		if (!room)
			return;
		this.#tellMark(room);
		if (this.#open && !this.#leaving.has(name))
			this.#letGo(name);
		this.#forget(room, new UproarError('closed', 'the room was left'));
	}

	/**
	 * The position in a room, to be kept by an app that wants to resume in a later run.
	 * @param {string} name
	 * @returns {Position|undefined}
	 */
	position(name) {
		const room = this.#rooms.get(name);
		return room && room.seq !== null ? { seq: room.seq, epoch: room.epoch } : undefined;
	}

	/**
	 * Sends a message. Offline too: it is kept and sent when the room is joined again, once and in order.
	 * @param {string} room One that was joined by join().
	 * @param {*} data Any JSON value.
	 * @returns {Sending} Fulfilled when it is kept by the server. Its `cid` is there at once, and the `msg` event
	 *	of it carries the same.
	 */
	send(room, data) {
		return this.#enqueue(room, { op: 'send', room, data });
	}

	/**
	 * @param {string} room
	 * @param {number} target The message's seq; one's own.
	 * @param {*} data
	 * @returns {Sending}
	 */
	edit(room, target, data) {
		return this.#enqueue(room, { op: 'edit', room, target, ...this.#epochOf(room), data });
	}

	/**
	 * @param {string} room
	 * @param {number} target The message's seq; one's own.
	 * @returns {Sending}
	 */
	del(room, target) {
		return this.#enqueue(room, { op: 'del', room, target, ...this.#epochOf(room) });
	}

	/**
	 * @param {string} room
	 * @param {number} target The message's seq.
	 * @param {string} key 1..32 bytes, usually an emoji.
	 * @param {boolean} [on=true] false: take it back.
	 * @returns {Sending}
	 */
	react(room, target, key, on = true) {
		return this.#enqueue(room, { op: 'react', room, target, ...this.#epochOf(room), key, on });
	}

	/**
	 * Moderates a room. Where the connection is lost before the answer, what the room tells of meanwhile decides: one's own
	 * `mod` event is the answer; without it it is asked again. Where that cannot be known it is rejected with `lost`. What is
	 * refused for its rate is rejected, with `retryMs`: done later it might undo what was done since.
	 * @param {string} room
	 * @param {Act} act
	 * @param {{user?: string, for?: number, every?: number, reason?: string}} [what] Whom; for how many seconds (ban, mute;
	 *	0 or absent: until it is taken back); slow: how many seconds between two messages; why, for all to read.
	 * @returns {Promise<Ack>} Of its `mod` event.
	 */
	mod(room, act, what = {}) {
		return this.#ask(room, { op: 'mod', room, act, ...what });
	}

	/**
	 * What one may do in a room that is joined.
	 * @param {string} name
	 * @returns {string[]}
	 */
	rights(name) {
		return [...(this.#rooms.get(name)?.rights || [])];
	}

	/**
	 * Goes on under another token of the same user: at once, and in later connections.
	 * @param {string} token
	 * @returns {Promise<object>} Fulfilled when the server has it; rejected, with the last one kept, when it does not take it.
	 *	Not connected, or not any more: when it is kept for the next hello.
	 */
	refresh(token) {
		const asked = deferred();
		const keep = (ok) => {
			this.#token = token;
			asked.resolve(ok);
		};
		if (this.#greeted)
			this.#command({ op: 'refresh', token }, keep, asked.reject, () => keep({}));
		else
			keep({});
		return asked.promise;
	}

	/**
	 * A page of what the room keeps. Asked again by itself when the connection is lost meanwhile, and, for half a minute, when
	 * it is refused for its rate.
	 * @param {string} room
	 * @param {{before?: number, after?: number, around?: number, limit?: number}} [what]
	 * @returns {Promise<Page>}
	 */
	history(room, what = {}) {
		return this.#ask(room, { op: 'history', room, ...what });
	}

	/**
	 * Messages with all of some words, the newest ones, as they look now. Asked again by itself like history().
	 * @param {string} room
	 * @param {string} query
	 * @param {{limit?: number, before?: number}} [what]
	 * @returns {Promise<Found>}
	 */
	search(room, query, what = {}) {
		return this.#ask(room, { op: 'search', room, query, ...what });
	}

	/**
	 * Who is in the room now. Asked again by itself like history().
	 * @param {string} room
	 * @returns {Promise<{room: string, n: number, users: User[], users_more?: boolean}>}
	 */
	presence(room) {
		return this.#ask(room, { op: 'presence', room });
	}

	/**
	 * Tells the room that one is typing. Call it at every key: one in 3 s is sent.
	 * @param {string} name
	 */
	typing(name) {
		const room = this.#rooms.get(name);
		if (!room || !room.joined || this.#clock.now() - room.typedAt < TYPING_MS)
			return;
		room.typedAt = this.#clock.now();
		this.#write({ op: 'typing', room: name });
	}

	/**
	 * Raises one's read mark. A smaller number than before does nothing. May be called at every message: the first is sent
	 * at once, then the latest one in a second.
	 * @param {string} name
	 * @param {number} seq
	 */
	read(name, seq) {
		const room = this.#rooms.get(name);
		if (!room || !(seq > room.mark))
			return;
		room.mark = seq;
		if (room.joined)
			this.#mark(room);
	}

	/* ---- the connection ---- */

	#dial() {
		this.#stop('retry');
		this.#comeBackAt = 0;
		this.#setState('connecting', {});
		if (!this.#options.getToken || (this.#need === 'first' && this.#token !== undefined)) {
			this.#openSocket();
			return;
		}
		const dial = {};
		this.#fetching = dial;
		const over = (run) => (value) => {
			if (this.#fetching === dial) {
				this.#fetching = null;
				run(value);
			}
		};
		this.#start('hello', TOKEN_MS, over(() => this.#lost(1006, 'no token came')));
		this.#fetch(this.#need).then(over((token) => {
			this.#token = token ?? undefined;
			this.#openSocket();
		}), over((error) => this.#noToken(error)));
	}

	async #fetch(need) {
		return this.#options.getToken(need);
	}

	#noToken(error) {
		const reason = String(error?.message || 'no token');
		if (error?.fatal)
			this.#end({ code: 4401, reason, fatal: true, error: new UproarError('unauthorized', reason) });
		else
			this.#lost(1006, reason);
	}

	#openSocket() {
		let socket;
		try {
			socket = new this.#Socket(this.#address(), [SUBPROTOCOL]);
		} catch (error) {
			this.#end({ code: 0, reason: String(error && error.message), fatal: true });
			return;
		}
		this.#socket = socket;
		const mine = (run) => (event) => {
			if (this.#socket === socket)
				run(event);
		};
		socket.onopen = mine(() => this.#opened());
		socket.onmessage = mine((event) => this.#heard(event.data));
		socket.onclose = mine((event) => this.#lost(event.code, event.reason));
		socket.onerror = () => {};	/* close follows */
		this.#start('hello', HELLO_MS, () => this.#drop('no answer to hello'));
	}

	#address() {
		const url = String(this.#options.url);
		if (!globalThis.location || /^wss?:/.test(url))
			return url;
		return new URL(url, globalThis.location.href).href.replace(/^http/, 'ws');
	}

	/* Hello and every join leave in one flight; the sends of a room wait for its join's answer. */
	#opened() {
		this.#open = true;
		this.#heardAt = this.#clock.now();
		const { name, agent } = this.#options;
		this.#command({ op: 'hello', name, agent, token: this.#token }, (ok) => this.#welcome(ok), (error) => {
			this.#refusal = error;
			this.#start('hello', CLOSE_MS, () => this.#drop(error.code));
		});
		this.#enterRooms();
	}

	/* Whether there is hope for the next connection in another token. Of a new one that is refused too there is none. */
	#anotherToken(code) {
		const socket = this.#socket;
		if (!this.#options.getToken || !TOKEN.has(code) || this.#badTokens > 0)
			return false;
		this.#badTokens++;
		this.#need = code === 4401 ? 'refused' : 'return';
		this.#detach();
		try {
			socket?.close(1000);
		} catch {
			/* it is closed */
		}
		this.#dial();
		return true;
	}

	/* The token ends soon. The connection is good until then, whatever comes of it. */
	#renew() {
		const socket = this.#socket;
		const mine = (run) => (value) => {
			if (this.#socket === socket)
				run(value);
		};
		const later = mine(() => this.#start('token', TOKEN_AGAIN_MS, () => this.#renew()));
		this.#fetch('expiring').then(mine((token) => this.refresh(token).catch(later)), later);
	}

	#welcome(ok) {
		this.#stop('hello');
		this.#greeted = true;
		this.#badTokens = 0;
		this.#need = 'return';
		this.user = ok.user;
		this.#openShelf();
		this.conn = ok.conn;
		this.server = ok.server;
		this.skewMs = ok.time - Date.now();
		this.ping = ok.ping || this.ping;
		this.limits = { ...this.limits, ...ok.limits };
		this.#tokens = this.limits.sends || UNLIMITED;
		this.#tokensAt = this.#clock.now();
		this.#watch();
		this.#start('steady', STEADY_MS, () => {
			this.#attempt = 0;
		});
		this.#setState('connected', {});
	}

	/* Looks for a server that went silent: a living one is heard every ping seconds. */
	#watch() {
		const silence = this.ping * 1000 + GRACE_MS;
		const left = this.#heardAt + silence - this.#clock.now();
		if (left > 0)
			this.#start('watch', left, () => this.#watch());
		else
			this.#probe(GRACE_MS);
	}

	/* Asks the server for a sign of life; any byte will do. */
	#probe(withinMs) {
		if (!this.#open || this.#timers.probe)
			return;
		const askedAt = this.#clock.now();
		this.#command({ op: 'ping' }, () => {}, () => {});
		this.#start('probe', withinMs, () => {
			if (this.#heardAt < askedAt)
				this.#drop('the server is silent');
			else
				this.#watch();
		});
	}

	/* The connection is given up without waiting for its close: on a dead network that takes minutes. */
	#drop(reason) {
		const socket = this.#socket;
		this.#lost(1006, reason);
		try {
			socket.close();
		} catch {
			/* it was not open yet */
		}
	}

	#lost(closed, reason) {
		const refusal = this.#refusal;
		const code = refusal && closed < 4000 ? closeOf(refusal) : closed;
		this.#detach();
		if (this.#ended)
			return;
		if (refusal?.code !== 'bad_request' && this.#anotherToken(code))
			return;
		if (code === 4412) {
			this.#banned(refusal);
			return;
		}
		if (FATAL.has(code)) {
			this.#end({ code, reason: refusal?.message ?? reason, fatal: true, ...refusal && { error: refusal } });
			return;
		}
		this.#attempt++;
		let delayMs;
		if (this.#comeBackAt || (code === 4503 && this.#attempt === 1))
			delayMs = Math.max(0, this.#comeBackAt - this.#clock.now());
		else
			delayMs = Math.max(refusal?.retryMs || 0, backoffMs(FULL_RANGE.has(code) ? 10 : this.#attempt, this.#clock.random()));
		this.#retryIn(delayMs, code, reason);
	}

	#banned(refusal) {
		const leftMs = refusal?.retryMs;
		const error = new UproarError('banned', 'you are banned from this server', leftMs);
		const ends = leftMs < BAN_TOLD_MS && { until: Date.now() + leftMs };
		this.#end({ code: 4412, reason: error.message, fatal: true, error, ...ends });
	}

	#retryIn(delayMs, code, reason) {
		this.#start('retry', delayMs, () => this.#dial());
		const state = globalThis.navigator && globalThis.navigator.onLine === false ? 'offline' : 'waiting';
		this.#setState(state, { delayMs, at: Date.now() + delayMs, code, reason });
	}

	/* Nothing of the old connection stays but what is to be said again on the next. */
	#detach() {
		this.#socket = null;
		this.#fetching = null;
		this.#open = false;
		this.#greeted = false;
		this.#refusal = null;
		for (const name of ['hello', 'watch', 'probe', 'steady', 'enter', 'ask', 'pump', 'leave', 'token', 'marks'])
			this.#stop(name);
		this.#marks.clear();
		const lost = [...this.#waiting.values()];
		this.#waiting.clear();
		this.#leaving.clear();
		for (const waiting of lost)
			waiting.lost?.();
		this.#joins.reset();
		this.#sends.reset();
		this.#asks.reset();
		for (const room of this.#rooms.values()) {
			room.joined = false;
			room.entering = false;
			room.enterAt = 0;
			room.putOff = 0;
			room.refusedAt = 0;
			for (const send of room.sends)
				send.inFlight = false;
			for (const ask of room.asks) {
				ask.doubtful ||= ask.inFlight && ask.frame.op === 'mod';
				ask.inFlight = false;
				ask.refusedAt = undefined;
			}
		}
	}

	#end(why) {
		const socket = this.#socket;
		const changed = !this.#ended;
		this.#ended = true;
		this.#comeBackAt = 0;
		this.#stop('retry');
		this.#detach();
		this.#unhook();
		if (socket) {
			try {
				socket.close(1000);
			} catch {
				/* it is closed */
			}
		}
		if (changed)
			this.#setState('closed', why);
	}

	#setState(state, more) {
		this.#state = state;
		this.#emit('state', { state, attempt: this.#attempt, ...more });
	}

	/* What the browser knows about the network and the person is worth an attempt at once. */
	#hook() {
		const page = globalThis.document;
		if (!page || !globalThis.addEventListener)
			return;
		const awake = () => {
			if (page.visibilityState === 'hidden')
				return;
			if (!this.#socket)
				this.connect();
			else if (this.#clock.now() - this.#heardAt > PROBE_MS)
				this.#probe(PROBE_MS);
		};
		const offline = () => {
			if (this.#socket)
				this.#probe(PROBE_MS);
			else if (this.#state === 'waiting')
				this.#setState('offline', {});
		};
		globalThis.addEventListener('online', awake);
		globalThis.addEventListener('offline', offline);
		page.addEventListener('visibilitychange', awake);
		this.#unhook = () => {
			globalThis.removeEventListener('online', awake);
			globalThis.removeEventListener('offline', offline);
			page.removeEventListener('visibilitychange', awake);
			this.#unhook = () => {};
		};
	}

	/* ---- what arrives ---- */

	#heard(text) {
		this.#heardAt = this.#clock.now();
		let frame;
		try {
			frame = JSON.parse(text);
		} catch {
			this.#drop('a frame that is not JSON');
			return;
		}
		if (frame.re !== undefined)
			this.#answered(frame);
		else
			this.#happened(frame);
	}

	#answered(frame) {
		const waiting = this.#waiting.get(frame.re);
		this.#waiting.delete(frame.re);
		/* Its user's connections are counted elsewhere: that they are too many may be known after hello was answered. */
		if (frame.re === 0 && frame.err?.code === 'limit')
			this.#refusal = errorOf(frame);
		if (!waiting)
			return;
		if (frame.err)
			waiting.failed(errorOf(frame));
		else
			waiting.done(frame.ok || {});
	}

	#happened(event) {
		switch (event.ev) {
		case 'ping':
			this.#write({ op: 'pong' });
			break;
		case 'notice':
			this.#noticed(event);
			break;
		case 'expiring':
			this.#expiring(event);
			break;
		case 'removed':
			this.#removed(event);
			break;
		case 'msg':
		case 'edit':
		case 'del':
		case 'react':
		case 'mod':
			this.#take(this.#rooms.get(event.room), event);
			break;
		case 'in':
		case 'out':
		case 'count':
		case 'typing':
		case 'read':
			if (this.#isJoined(event.room))
				this.#emit(event.ev, event);
			break;
		}
	}

	#expiring(notice) {
		this.#emit('expiring', { inMs: notice.in_ms });
		if (this.#options.getToken)
			this.#renew();
	}

	#removed(notice) {
		const room = this.#rooms.get(notice.room);
		if (!room || !room.joined)
			return;	/* it was left meanwhile, and may be wanted again */
		const { act, until, reason } = notice;
		const left = until ? Math.max(0, until - Date.now() - this.skewMs) : undefined;
		this.#forget(room, new UproarError(act === 'ban' ? 'banned' : 'removed', reason, left));
		this.#emit('removed', { room: room.name, act, until, reason });
	}

	#isJoined(name) {
		const room = this.#rooms.get(name);
		return room !== undefined && room.joined;
	}

	#noticed(notice) {
		this.#emit('notice', notice);
		if (notice.code === 'reconnect') {
			const afterMs = Math.max(0, Number(notice.after_ms) || 0);
			this.#comeBackAt = this.#clock.now() + afterMs;
			this.#start('leave', afterMs, () => this.#drop(notice.reason || 'restart'));
		} else if (notice.code === 'lagged' && this.#isJoined(notice.room)) {
			const room = this.#rooms.get(notice.room);
			room.seq = Math.max(room.seq, notice.next - 1);
			this.#emit('lagged', { room: room.name, after: notice.after, next: notice.next, n: notice.n });
		} else if (notice.code === 'expiring') {
			this.#expiring(notice);
		} else if (notice.code === 'slow' && this.#isJoined(notice.room)) {
			this.#emit('slow', { room: notice.room });
		}
	}

	/* Hands on an entry of the log once. A hole nobody announced is announced here, never passed over. */
	#take(room, event) {
		if (!room || !room.joined || !(event.seq > room.seq))
			return;
		const after = room.seq;
		room.seq = event.seq;
		if (event.seq > after + 1 && room.options.echo !== false)
			this.#emit('lagged', { room: room.name, after, next: event.seq, n: event.seq - after - 1 });
		if (event.act === 'slow') {
			room.slowUntil = 0;
			this.#pump();
		}
		this.#emit(event.ev, event);
	}

	/* ---- rooms ---- */

	#inTurn() {
		return [...this.#rooms.values()].sort((a, b) => a.refusedAt - b.refusedAt);
	}

	/* All at once, but for those that were refused for now. */
	#enterRooms() {
		if (!this.#open)
			return;
		const now = this.#clock.now();
		let wakeAt = Infinity;
		for (const room of this.#inTurn()) {
			if (this.#joins.full)
				return;		/* the next answer goes on */
			const at = Math.max(room.enterAt, this.#joins.heldUntil);
			if (room.joined || room.entering || this.#leaving.has(room.name))
				continue;
			if (at > now)
				wakeAt = Math.min(wakeAt, at);
			else
				this.#sendJoin(room);
		}
		if (wakeAt < Infinity)
			this.#start('enter', Math.ceil(wakeAt - now), () => this.#enterRooms());
	}

	#sendJoin(room) {
		room.entering = true;
		this.#joins.under++;
		const { limit, presence, echo } = room.options;
		const since = room.seq === null ? undefined : { seq: room.seq, epoch: room.epoch };
		this.#command({ op: 'join', room: room.name, since, limit, presence, echo },
			(ok) => {
				room.entering = false;
				this.#joins.passed(this.#clock.now());
				this.#enter(room, ok, since);
				this.#enterRooms();
			},
			(error) => {
				room.entering = false;
				this.#refused(room, error);
				this.#enterRooms();
			});
	}

	#enter(room, ok, since) {
		if (this.#rooms.get(room.name) !== room)
			return;	/* left meanwhile */
		const events = ok.events || [];
		if (since && ok.recovered !== true)
			this.#emit('reset', { room: room.name, reason: ok.reason || 'epoch' });
		if (!since || ok.recovered !== true)
			room.seq = events.length ? events[0].seq - 1 : ok.seq;
		if (room.epoch && room.epoch !== ok.epoch)
			room.mark = 0;
		room.epoch = ok.epoch;
		room.rights = ok.rights || [];
		room.slowUntil = 0;	/* what holds now, the server says */
		room.joined = true;
		this.#emit('joined', ok);
		for (const event of events)
			this.#take(room, event);
		if (ok.recovered !== true)
			room.seq = Math.max(room.seq, ok.seq);
		if (room.mark > (ok.read || 0))
			this.#mark(room);
		room.ready.resolve(ok);
		for (const ask of room.asks.filter(({ doubtful }) => doubtful))
			this.#decide(room, ask, ok);
		this.#askNext();
		this.#pump();
	}

	#mark(room) {
		this.#marks.add(room);
		if (this.#timers.marks === undefined)
			this.#tellMarks();
	}

	/* Who reads along where much is said would otherwise send as many commands as messages come. */
	#tellMarks() {
		const told = [...this.#marks].slice(0, MARKS_MAX);
		for (const room of told)
			this.#tellMark(room);
		if (told.length)
			this.#start('marks', MARKS_MS, () => this.#tellMarks());
	}

	#tellMark(room) {
		if (this.#marks.delete(room))
			this.#write({ op: 'read', room: room.name, seq: room.mark });
	}

	#letGo(name) {
		this.#leaving.set(name, false);
		this.#askNext();
	}

	/* A leave may be refused for now, too. Until it is not, the server would refuse a join, as of one that is there. */
	#sendLeave(name) {
		const left = () => {
			this.#leaving.delete(name);
			this.#enterRooms();
		};
		this.#leaving.set(name, true);
		this.#inPace({ op: 'leave', room: name }, left, ({ retryMs }) => {
			if (retryMs === undefined)
				left();
			else
				this.#leaving.set(name, false);
			return retryMs !== undefined;
		});
	}

	#refused(room, error) {
		const now = this.#clock.now();
		const again = error.retryMs !== undefined && !FINAL.has(error.code);
		const retryMs = Math.max(1, error.retryMs);
		const forRate = error.code === 'rate_limited';
		if (again)
			this.#joins.refused(now, forRate ? retryMs : Math.min(retryMs, HOLD_MS), forRate);
		else
			this.#joins.settled();
		if (this.#rooms.get(room.name) !== room)
			return;
		if (error.code === 'already_joined') {
			this.#letGo(room.name);
			return;
		}
		if (again) {
			const delayMs = grown(retryMs, room.putOff++, PUT_OFF_MAX_MS);
			room.enterAt = now + delayMs;
			room.refusedAt = now;
			this.#emit('delayed', { room: room.name, error, delayMs, at: Date.now() + delayMs });
			return;
		}
		this.#forget(room, error);
		this.#emit('refused', { room: room.name, error });
	}

	#forget(room, error) {
		this.#rooms.delete(room.name);
		this.#marks.delete(room);
		room.joined = false;
		room.ready.reject(error);
		const { sends, asks } = room;
		room.sends = [];
		room.asks = [];
		for (const ask of asks)
			ask.reject(error);
		for (const send of sends)
			this.#settle(send, 'failed', { error });
	}

	/* ---- what is kept until it is acknowledged ---- */

	#openShelf() {
		const { storage, locks = globalThis.navigator?.locks, name = this.user, url } = this.#options;
		/* Whose they are is known from the name, or from the server. */
		if (!storage || this.#shelf || !name)
			return;
		this.#shelf = new Shelf(storage, locks, { name, url: String(url) });
		this.#shelf.open(this.producer, (found) => this.#restore(found));
		for (const room of this.#rooms.values())
			for (const send of room.sends.filter(({ restored }) => !restored))
				this.#shelf.put(send);
	}

	#restore(found) {
		for (const { frame, at } of found) {
			const waiting = this.#restored.get(frame.room) || [];
			waiting.push({ ...deferred(), frame, at, inFlight: false, tries: 0, restored: true });
			this.#restored.set(frame.room, waiting);
		}
		for (const room of this.#rooms.values())
			this.#unpack(room);
	}

	/* What an earlier run left goes before what this one has to say. */
	#unpack(room) {
		const found = this.#restored.get(room.name);
		if (!found)
			return;
		this.#restored.delete(room.name);
		room.sends = [...found, ...room.sends];
		for (const send of found)
			this.#emit('outbox', unsentOf(send, 'pending'));
		this.#pump();
	}

	#settle(send, state, more) {
		if (this.#shelf)
			this.#shelf.drop(send);
		if (state === 'sent')
			send.resolve(more.ack);
		else
			send.reject(more.error);
		this.#emit('outbox', unsentOf(send, state, more));
	}

	/* ---- what is asked and said ---- */

	#ask(name, frame) {
		const room = this.#rooms.get(name);
		const ask = { ...deferred(), frame, inFlight: false };
		if (!room) {
			ask.reject(new UproarError('not_joined', 'join the room first'));
		} else {
			room.asks.push(ask);
			this.#askNext();
		}
		return ask.promise;
	}

	/* Leaves and questions have a rate in common. Acts of moderation, which are few, have that of sends, and wait for nothing. */
	#askNext() {
		const now = this.#clock.now();
		const may = () => now >= this.#asks.heldUntil && !this.#asks.full;
		for (const [name, isSent] of this.#leaving)
			if (!isSent && may())
				this.#sendLeave(name);
		for (const room of this.#rooms.values())
			for (const ask of room.joined ? room.asks : [])
				if (!ask.inFlight && !ask.doubtful && (ask.frame.op === 'mod' || may()))
					this.#sendAsk(room, ask);
		if (now < this.#asks.heldUntil)
			this.#start('ask', Math.ceil(this.#asks.heldUntil - now), () => this.#askNext());
	}

	#sendAsk(room, ask) {
		const settle = (run) => (value) => {
			this.#asked(room, ask);
			run(value);
		};
		const [done, failed] = [settle(ask.resolve), settle(ask.reject)];
		ask.inFlight = true;
		if (ask.frame.op === 'mod') {
			this.#command(ask.frame, done, failed);
			return;
		}
		this.#inPace(ask.frame, done, (error) => {
			const now = this.#clock.now();
			ask.refusedAt ??= now;
			if (error.code === 'rate_limited' && now + error.retryMs <= ask.refusedAt + ASK_AGAIN_MS)
				ask.inFlight = false;
			else
				failed(error);
			return !ask.inFlight;
		});
	}

	/* refused(error) says whether it is to be said again. */
	#inPace(frame, done, refused) {
		this.#asks.under++;
		this.#command(frame, (ok) => {
			this.#asks.passed(this.#clock.now());
			done(ok);
			this.#askNext();
		}, (error) => {
			const forRate = error.code === 'rate_limited';
			if (refused(error) || forRate)
				this.#asks.refused(this.#clock.now(), Math.max(1, error.retryMs || 0), forRate);
			else
				this.#asks.settled();
			this.#askNext();
		});
	}

	#asked(room, ask) {
		room.asks = room.asks.filter((other) => other !== ask);
	}

	/* What a return tells may say what became of an act whose answer was lost; asked again it might be done twice. */
	#decide(room, ask, { recovered, more, epoch, events = [], class: kept }) {
		const { act, user, every } = ask.frame;
		const done = recovered === true && events.find((event) => event.ev === 'mod' && event.from === this.user &&
			event.act === act && event.user === user && (act !== 'slow' || event.every === every));
		ask.doubtful = false;
		if (!done && recovered === true && !more)
			return;		/* it did not come to be */
		this.#asked(room, ask);
		if (done)
			ask.resolve({ room: room.name, seq: done.seq, ts: done.ts, epoch, class: kept });
		else
			ask.reject(new UproarError('lost', 'the connection was lost; the room\'s events say whether it was done'));
	}

	/** The log that a target is in: should the room begin anew meanwhile, its number would be another message's. */
	#epochOf(name) {
		const room = this.#rooms.get(name);
		return room && room.epoch ? { epoch: room.epoch } : {};
	}

	#enqueue(name, frame) {
		const room = this.#rooms.get(name);
		const send = { ...deferred(), frame, at: Date.now(), inFlight: false, tries: 0, restored: false };
		let refusal = null;
		if (!room)
			refusal = new UproarError('not_joined', 'join the room first');
		else if (frame.data === undefined && (frame.op === 'send' || frame.op === 'edit'))
			refusal = new UproarError('bad_request', 'data is no JSON value');
		else if (frame.data !== undefined && sizeOf(frame.data) > this.limits.data)
			refusal = new UproarError('too_large', `data is larger than ${this.limits.data} bytes`);
		else if (room.sends.length >= this.#options.queueMax)
			refusal = new UproarError('limit', 'too much is waiting to be sent');
		if (refusal) {
			send.reject(refusal);
			send.promise.cid = '';
			return send.promise;
		}
		const n = (this.#numbers.get(name) || 0) + 1;
		this.#numbers.set(name, n);
		frame.cid = `${this.producer}:${n}`;
		/* What was passed is sent, whatever the caller does to the object afterwards. */
		send.frame = JSON.parse(JSON.stringify(frame));
		send.promise.cid = frame.cid;
		room.sends.push(send);
		if (this.#shelf)
			this.#shelf.put(send);
		this.#emit('outbox', unsentOf(send, 'pending'));
		this.#pump();
		return send.promise;
	}

	/* Sends what is due, in each room in order, and not faster than the server takes it. */
	#pump() {
		if (!this.#greeted)
			return;
		const now = this.#clock.now();
		const rate = this.limits.sends || UNLIMITED;
		this.#tokens = Math.min(rate, this.#tokens + (now - this.#tokensAt) * rate / 1000);
		this.#tokensAt = now;
		let wakeAt = Infinity;
		for (const room of this.#inTurn()) {
			if (!room.joined)
				continue;
			const slow = room.slowUntil > now;
			const free = UNACKED_MAX - room.sends.filter((send) => send.inFlight).length;
			const waiting = room.sends.filter((send) => !send.inFlight);
			if (slow && waiting.length)
				wakeAt = Math.min(wakeAt, room.slowUntil);
			for (const send of waiting.filter(({ frame }) => !slow || frame.op !== 'send').slice(0, free)) {
				if (this.#sends.full)
					return;		/* the next answer goes on */
				const at = Math.max(room.heldUntil, this.#sends.heldUntil, this.#tokens >= 1 ? now : now + (1 - this.#tokens) * 1000 / rate);
				if (at > now) {
					wakeAt = Math.min(wakeAt, at);
					break;
				}
				this.#tokens -= 1;
				this.#sendOut(room, send);
			}
		}
		if (wakeAt < Infinity)
			this.#start('pump', Math.ceil(wakeAt - now), () => this.#pump());
	}

	/* What comes for a room that is given up is too late: the app was told that it failed. */
	#sendOut(room, send) {
		const mine = (count, run) => (answer) => {
			count(answer);
			if (room.sends.includes(send))
				run(answer);
			else
				this.#pump();
		};
		send.inFlight = true;
		this.#sends.under++;
		this.#command(send.frame,
			mine(() => this.#sends.passed(this.#clock.now()), (ok) => this.#acked(room, send, ok)),
			mine((error) => this.#held(room, error), (error) => this.#unsent(room, send, error)));
	}

	#held(room, { code, retryMs }) {
		const now = this.#clock.now();
		if (code !== 'rate_limited' || retryMs === undefined) {
			this.#sends.settled();
			return;
		}
		this.#sends.refused(now, Math.min(Math.max(1, retryMs), HOLD_MS), true);
		room.refusedAt = now;
	}

	#acked(room, send, ok) {
		room.sends = room.sends.filter((other) => other !== send);
		this.#settle(send, 'sent', { ack: ok });
		if (room.sends.length >= UNACKED_MAX || this.#sends.most < Infinity)
			this.#pump();
	}

	#unsent(room, send, error) {
		const now = this.#clock.now();
		send.tries++;
		const again = error.retryMs !== undefined && !FINAL.has(error.code);
		if (again || (error.code === 'internal' && send.tries < INTERNAL_TRIES_MAX)) {
			send.inFlight = false;
			const until = now + (error.retryMs === undefined ? 1000 : Math.max(1, error.retryMs));
			if (error.code === 'slow_mode')
				room.slowUntil = until;
			else
				room.heldUntil = until;
			this.#emit('outbox', unsentOf(send, 'pending', { error }));
		} else {
			room.sends = room.sends.filter((other) => other !== send);
			this.#settle(send, 'failed', { error });
		}
		this.#pump();
	}

	#command(frame, done, failed, lost) {
		const id = ++this.#lastId;
		this.#waiting.set(id, { done, failed, lost });
		const { op, ...rest } = frame;
		this.#write({ op, id, ...rest });
	}

	#write(frame) {
		const socket = this.#socket;
		if (socket && this.#open)
			socket.send(JSON.stringify(frame));
	}

	#emit(type, detail) {
		this.dispatchEvent(new UproarEvent(type, detail));
	}

	#start(name, ms, run) {
		this.#stop(name);
		this.#timers[name] = this.#clock.setTimeout(() => {
			delete this.#timers[name];
			run();
		}, ms);
	}

	#stop(name) {
		if (this.#timers[name] === undefined)
			return;
		this.#clock.clearTimeout(this.#timers[name]);
		delete this.#timers[name];
	}
}

function errorOf({ err }) {
	return new UproarError(err.code, err.msg, err.retry_ms);
}

function closeOf({ code, retryMs }) {
	if (code === 'forbidden' && retryMs !== undefined)
		return CLOSES.banned;	/* of a hook's no there is no end */
	return CLOSES[code] || 4401;
}

/* A send as an app sees it. */
function unsentOf(send, state, more = {}) {
	const unsent = { state, at: send.at, ...send.frame, ...more };
	if (send.restored)
		unsent.restored = true;
	return unsent;
}

function sizeOf(data) {
	return new TextEncoder().encode(JSON.stringify(data)).length;
}

/* A promise with its ends. An app that does not look at it is not punished for a rejection. */
function deferred() {
	let resolve;
	let reject;
	const promise = new Promise((res, rej) => {
		resolve = res;
		reject = rej;
	});
	promise.catch(() => {});
	return { promise, resolve, reject };
}
