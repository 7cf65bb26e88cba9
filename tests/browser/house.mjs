/* house.mjs - a server with moderation and tokens that plays within the test, for pages that are routed to it. */

import { late } from './stage.mjs';

const ALL = ['read', 'send', 'history', 'presence', 'moderate', 'manage'];
const MEMBER = ALL.slice(0, 4);

/** One room after the other comes to be as it is asked for. tokens: token -> user; without any, guests are let in. */
export class House {
	constructor({ tokens = null, moderators = [] } = {}) {
		this.tokens = tokens;
		this.moderators = new Set(moderators);
		this.banned = new Map();	/* from the whole server: user -> milliseconds, as hello is told them */
		this.rooms = new Map();
		this.lines = new Set();
		this.said = [];		/* every command, with its user */
	}

	async put(page) {
		await page.routeWebSocket(/\/ws$/, (near) => {
			const line = { near, user: '', rooms: new Set(), tell: late((run) => run()) };
			this.lines.add(line);
			near.onMessage((text) => this.#heard(line, JSON.parse(text)));
			near.onClose(() => {
				this.lines.delete(line);
				for (const name of line.rooms)
					this.#leave(line, name);
			});
		});
	}

	/** Something is said to all in a room, as if somebody else had done it. */
	happen(name, event) {
		const room = this.#room(name);
		const whole = { ...event, room: name, seq: room.log.length + 1, ts: event.ts || Date.now() };
		room.log.push(whole);
		for (const line of this.#members(name))
			tell(line, whole);
		return whole;
	}

	/** Says something to a user alone. */
	tell(user, frame) {
		for (const line of this.lines)
			if (line.user === user)
				tell(line, frame);
	}

	end(user, code, reason) {
		for (const line of this.lines)
			if (line.user === user)
				end(line, { code, reason });
	}

	#room(name) {
		if (!this.rooms.has(name))
			this.rooms.set(name, { log: [], bans: new Map(), mutes: new Map(), every: 0, locked: false });
		return this.rooms.get(name);
	}

	#members(name) {
		return [...this.lines].filter((line) => line.rooms.has(name));
	}

	#may(line) {
		return this.moderators.has(line.user) ? ALL : MEMBER;
	}

	#heard(line, { id, op, ...what }) {
		this.said.push({ user: line.user, op, ...what });
		const played = { hello: this.#hello, join: this.#join, leave: this.#leave, send: this.#send, del: this.#send, mod: this.#mod,
			refresh: this.#refresh, presence: this.#presence, history: this.#history }[op];
		const answer = played ? played.call(this, line, op === 'leave' ? what.room : { op, ...what }) : { ok: {} };
		if (id !== undefined)
			tell(line, { re: id, ...answer });
		if (op === 'hello' && answer.err)
			end(line, answer.err.code === 'forbidden' ? { code: 4412, reason: 'banned' } : { code: 4401, reason: 'unauthorized' });
	}

	#hello(line, { name, token }) {
		const user = this.tokens ? this.tokens[token] : name;
		if (!user)
			return refuse('unauthorized', 'say hello first, with a name or a valid token');
		if (this.banned.has(user))
			return refuse('forbidden', 'this is not allowed here', this.banned.get(user));
		line.user = user;
		return { ok: { conn: '1', user, time: Date.now(), ping: 25, server: 'played',
			limits: { frame: 65536, data: 16384, rooms: 128, page: 200, sends: 20 } } };
	}

	#refresh(line, { token }) {
		return this.tokens?.[token] === line.user ? { ok: {} } : refuse('unauthorized', 'say hello first, with a name or a valid token');
	}

	#join(line, { room: name, limit = 50 }) {
		const room = this.#room(name);
		if (room.bans.has(line.user))
			return refuse('banned', 'you are banned from this room', room.bans.get(line.user));
		const first = !this.#members(name).some(({ user }) => user === line.user);
		if (first)
			for (const other of this.#members(name))
				tell(other, { ev: 'in', room: name, user: line.user, n: this.#members(name).length + 1 });
		line.rooms.add(name);
		const ok = { ...this.#presence(line, { room: name }).ok, epoch: 'e', seq: room.log.length, first: 1, class: 'memory', more: false,
			rights: this.#may(line), events: limit ? room.log.slice(-limit) : [] };
		return { ok: { ...ok, ...room.every && { every: room.every }, ...room.locked && { locked: true } } };
	}

	#presence(line, { room }) {
		const users = new Map(this.#members(room).map(({ user }) => [user, 1]));
		return { ok: { room, n: users.size, users: [...users].map(([id, n]) => ({ id, n })) } };
	}

	#history(line, { room: name, before = Infinity, limit = 50 }) {
		const { log } = this.#room(name);
		const events = log.filter(({ seq }) => seq < before).slice(-limit);
		return { ok: { room: name, epoch: 'e', events, first: 1, seq: log.length, more: events.length > 0 && events[0].seq > 1 } };
	}

	#leave(line, name) {
		line.rooms.delete(name);
		for (const other of this.#members(name))
			tell(other, { ev: 'out', room: name, user: line.user, n: this.#members(name).length });
		return { ok: {} };
	}

	#send(line, { op, room: name, cid, data, target }) {
		const room = this.#room(name);
		const moderates = this.moderators.has(line.user);
		if (room.mutes.has(line.user))
			return refuse('muted', 'you may not speak in this room now', room.mutes.get(line.user));
		if (room.locked && !moderates)
			return refuse('read_only', 'only who moderates this room may speak in it now');
		if (op === 'del' && room.log[target - 1]?.from !== line.user && !moderates)
			return refuse('forbidden', 'this is not allowed here');
		const { seq, ts } = this.happen(name, op === 'del' ? { ev: 'del', from: line.user, cid, target } : { ev: 'msg', from: line.user, cid, data });
		return { ok: { room: name, seq, ts, epoch: 'e', class: 'memory' } };
	}

	#mod(line, { room: name, act, user, for: seconds, every, reason }) {
		const room = this.#room(name);
		if (!this.moderators.has(line.user) || this.moderators.has(user))
			return refuse('forbidden', 'this is not allowed here');
		const until = seconds ? Date.now() + seconds * 1000 : undefined;
		const list = { ban: room.bans, mute: room.mutes, unban: room.bans, unmute: room.mutes }[act];
		if (act.startsWith('un') && list)
			list.delete(user);
		else
			list?.set(user, seconds ? seconds * 1000 : undefined);
		if (act === 'slow')
			room.every = every;
		if (act === 'lock' || act === 'unlock')
			room.locked = act === 'lock';
		const { seq, ts } = this.happen(name, { ev: 'mod', from: line.user, act, user, until, every, reason });
		if (act === 'kick' || act === 'ban') {
			for (const other of this.#members(name).filter((member) => member.user === user)) {
				this.#leave(other, name);
				tell(other, { ev: 'removed', room: name, act, until, reason });
			}
		}
		return { ok: { room: name, seq, ts, epoch: 'e', class: 'memory' } };
	}
}

function tell(line, frame) {
	line.tell(() => line.near.send(JSON.stringify(frame)));
}

function end(line, why) {
	line.tell(() => line.near.close(why));
}

function refuse(code, msg, retryMs) {
	return { err: { code, msg, ...retryMs && { retry_ms: retryMs } } };
}
