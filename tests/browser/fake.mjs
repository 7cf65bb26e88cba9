/* fake.mjs - a WebSocket and a clock that do what a test says. */

/** Time stands still until it is moved; timers run when it passes them. */
export class FakeClock {
	constructor() {
		this.ms = 1000000;
		this.drawn = 0.5;	/* what random() gives */
		this.timers = new Map();
		this.last = 0;
		this.now = () => this.ms;
		this.random = () => this.drawn;
		this.setTimeout = (run, ms) => {
			this.timers.set(++this.last, { run, at: this.ms + Math.max(0, ms) });
			return this.last;
		};
		this.clearTimeout = (timer) => this.timers.delete(timer);
	}

	/** For a client whose cids are to be known. */
	of(producer) {
		return { ...this, producer: () => producer };
	}

	/** Moves on, running what is due in its order. Promises settle in between. */
	async advance(ms) {
		const end = this.ms + ms;
		for (;;) {
			let next = null;
			for (const [timer, { at }] of this.timers) {
				if (at <= end && (next === null || at < this.timers.get(next).at))
					next = timer;
			}
			if (next === null)
				break;
			const { run, at } = this.timers.get(next);
			this.timers.delete(next);
			this.ms = Math.max(this.ms, at);
			run();
			await settle();
		}
		this.ms = end;
	}
}

export function settle() {
	return new Promise((done) => setImmediate(done));
}

/** The server's end of one connection, and the client's socket in one. */
export class FakeSocket {
	static all = [];

	static reset() {
		FakeSocket.all = [];
	}

	static get last() {
		return FakeSocket.all[FakeSocket.all.length - 1];
	}

	constructor(url, protocols) {
		this.url = url;
		this.protocols = protocols;
		this.sent = [];
		this.closed = false;
		FakeSocket.all.push(this);
	}

	send(text) {
		this.sent.push(JSON.parse(text));
	}

	close(code) {
		this.closed = true;
		this.closeCode = code;
	}

	/** Opens, and answers hello. */
	accept(more = {}) {
		this.open();
		const hello = this.of('hello')[0];
		this.say({ re: hello.id, ok: { conn: '1-1-1', user: hello.name, time: 0, ping: 25, server: '0.1.0',
			limits: { frame: 65536, data: 16384, rooms: 128, page: 200, sends: 20 }, ...more } });
	}

	open() {
		this.onopen({});
	}

	say(frame) {
		this.onmessage({ data: JSON.stringify(frame) });
	}

	lose(code = 1006, reason = '') {
		this.closed = true;
		this.onclose({ code, reason });
	}

	of(op) {
		return this.sent.filter((frame) => frame.op === op);
	}

	/** Answers the last command op with ok. */
	answer(op, ok) {
		const frames = this.of(op);
		this.say({ re: frames[frames.length - 1].id, ok });
	}

	/** Refuses the last command op. */
	refuse(op, err) {
		this.say({ re: this.of(op).pop().id, err: { msg: '', ...err } });
	}

	/** Answers the join of a room. */
	enter(room, ok = {}) {
		const join = this.of('join').filter((frame) => frame.room === room).pop();
		this.say({ re: join.id, ok: { room, epoch: 'q7', seq: 0, first: 1, n: 1, class: 'memory', more: false, events: [], ...ok } });
	}
}

/** A quota as engine/gate has it: refuses while it is spent, by the milliseconds until it is not, and charges what passes. */
export class FakeQuota {
	constructor(clock, perSecond, burst) {
		this.clock = clock;
		this.perSecond = perSecond;
		this.burst = burst;
		this.spent = 0;
		this.at = clock.now();
	}

	take(cost, needed = cost) {
		const now = this.clock.now();
		this.spent = Math.max(0, this.spent - (now - this.at) * this.perSecond / 1000);
		this.at = now;
		const over = this.spent + needed - this.burst;
		if (over > 0)
			return Math.ceil(over * 1000 / this.perSecond);
		this.spent += cost;
		return 0;
	}
}

/** localStorage, as far as we use it. Its order is of no use: 10 comes before 2. */
export class FakeStorage {
	constructor() {
		this.items = new Map();
		this.full = false;
	}

	get length() {
		return this.items.size;
	}

	key(i) {
		return [...this.items.keys()].sort()[i] ?? null;
	}

	getItem(key) {
		return this.items.get(key) ?? null;
	}

	setItem(key, value) {
		if (this.full)
			throw new Error('QuotaExceededError');
		this.items.set(key, value);
	}

	removeItem(key) {
		this.items.delete(key);
	}
}

/** navigator.locks, as far as we use it: who comes later waits for who holds it. */
export class FakeLocks {
	constructor() {
		this.queues = new Map();
	}

	async request(name, { signal }, run) {
		const before = this.queues.get(name);
		let done;
		this.queues.set(name, new Promise((resolve) => {
			done = resolve;
		}));
		await Promise.race([before, new Promise((_, failed) => signal.addEventListener('abort', () => failed(new Error('aborted'))))]);
		try {
			return await run({ name });
		} finally {
			done();
		}
	}
}

/** A message as it comes from the server. */
export function msg(seq, more = {}) {
	return { ev: 'msg', room: 'a', seq, ts: seq, from: 'Bob', data: { text: `m${seq}` }, ...more };
}
