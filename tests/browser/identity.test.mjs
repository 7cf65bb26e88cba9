/* identity.test.mjs - uproar.js with tokens, and moderation, against a server that is played by the test. */

import { test, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { Uproar, UproarError } from 'uproar-assets/uproar.js';
import { FakeClock, FakeSocket, FakeStorage, settle, msg } from './fake.mjs';

let clock;
let needs;
let states;

beforeEach(() => {
	clock = new FakeClock();
	needs = [];
	states = [];
	FakeSocket.reset();
});

function client({ producer = 'me', ...options } = {}) {
	const chat = new Uproar({ url: 'ws://test/ws', WebSocket: FakeSocket, clock: clock.of(producer), ...options });
	chat.on('state', (change) => states.push(change));
	return chat;
}

/* getToken() that gives t1, t2…, or what a test puts in its place, and notes why it was asked. */
function tokens(answers = []) {
	return async (need) => {
		needs.push(need);
		const answer = answers.shift() ?? `t${needs.length}`;
		if (answer instanceof Error)
			throw answer;
		return answer;
	};
}

const hello = () => FakeSocket.last.of('hello')[0];

function refuse(op, err) {
	const frames = FakeSocket.last.of(op);
	FakeSocket.last.say({ re: frames[frames.length - 1].id, err: { msg: '', ...err } });
}

/* Refuses hello as the server does: first the error, then the end. */
function turnAway(err, code, reason) {
	const socket = FakeSocket.last;
	refuse('hello', err);
	assert.equal(socket.closed, false, 'the server says more');
	socket.lose(code, reason);
}

function accept() {
	FakeSocket.last.accept({ user: 'ann' });
}

/* A client with tokens in room a. */
async function inRoom(options = {}) {
	const chat = client(options);
	chat.join('a').catch(() => {});
	await settle();
	accept();
	FakeSocket.last.enter('a');
	return chat;
}

const codeOf = (promise) => promise.then(() => 'fulfilled', (error) => {
	assert.ok(error instanceof UproarError, String(error));
	return error.code;
});

test('a token is shown in hello, and the server says who that is', () => {
	const chat = client({ token: 'abc' });
	FakeSocket.last.open();
	assert.equal(hello().token, 'abc');
	assert.ok(!('name' in hello()), 'no name is said that nobody gave');
	assert.equal(chat.user, '');
	FakeSocket.last.answer('hello', { conn: '1', user: 'ann', time: 0, ping: 25, server: '0', limits: {} });
	assert.equal(chat.user, 'ann');
	chat.close();
});

test('getToken is asked before each connection', async () => {
	const chat = await inRoom({ getToken: tokens() });
	assert.equal(hello().token, 't1');
	FakeSocket.last.lose();
	await clock.advance(2000);
	assert.equal(FakeSocket.all.length, 2);
	FakeSocket.last.open();
	assert.equal(hello().token, 't2');
	assert.deepEqual(needs, ['first', 'return']);
	assert.equal(FakeSocket.last.of('join').length, 1, 'rooms are joined again');
	chat.close();
});

test('with both, the token is for the first connection', async () => {
	const chat = client({ token: 'own', getToken: tokens() });
	accept();
	assert.equal(hello().token, 'own');
	FakeSocket.last.lose();
	await clock.advance(2000);
	FakeSocket.last.open();
	assert.equal(hello().token, 't1');
	assert.deepEqual(needs, ['return']);
	chat.close();
});

test('no connection is made while a token is fetched, and one only, however often connect() is called', async () => {
	let asked = 0;
	let give;
	const getToken = () => new Promise((done) => {
		asked++;
		give = done;
	});
	const chat = client({ getToken });
	chat.connect();
	chat.connect();
	await settle();
	assert.equal(FakeSocket.all.length, 0);
	assert.equal(chat.state, 'connecting');
	give('late');
	await settle();
	assert.deepEqual([FakeSocket.all.length, asked], [1, 1]);
	chat.close();
	const gone = client({ getToken });
	await settle();
	gone.close();
	give('too late');
	await settle();
	assert.equal(FakeSocket.all.length, 1);
});

test('getToken that fails, or never answers, is asked again later; a fatal failure ends it', async () => {
	const fatal = Object.assign(new Error('not logged in'), { fatal: true });
	const chat = client({ getToken: tokens([new Error('503')]) });
	await settle();
	assert.equal(states.at(-1).state, 'waiting');
	assert.equal(states.at(-1).reason, '503');
	await clock.advance(2000);
	FakeSocket.last.open();
	assert.equal(hello().token, 't2');
	chat.close();

	const silent = client({ getToken: () => new Promise(() => {}) });
	await clock.advance(20000);
	assert.equal(silent.state, 'waiting');
	silent.close();

	const out = client({ getToken: tokens([fatal]) });
	await settle();
	assert.equal(out.state, 'closed');
	assert.ok(states.at(-1).fatal);
	assert.equal(states.at(-1).error.code, 'unauthorized');
	assert.equal(states.at(-1).reason, 'not logged in');
});

test('a token that is refused is replaced once, at once; without getToken it is the end', async () => {
	const chat = client({ getToken: tokens() });
	await settle();
	FakeSocket.last.open();
	turnAway({ code: 'unauthorized' }, 4401, 'unauthorized');
	await settle();
	assert.equal(FakeSocket.all.length, 2);
	FakeSocket.last.open();
	assert.equal(hello().token, 't2');
	assert.deepEqual(needs, ['first', 'refused']);
	FakeSocket.last.lose(4401, 'unauthorized');
	await clock.advance(100000);
	assert.equal(FakeSocket.all.length, 2, 'the second in a row is the last');
	assert.equal(chat.state, 'closed');
	assert.ok(states.at(-1).fatal);

	const plain = client({ token: 'bad' });
	FakeSocket.last.open();
	turnAway({ code: 'unauthorized' }, 4401, 'unauthorized');
	assert.equal(plain.state, 'closed');
	assert.equal(states.at(-1).error.code, 'unauthorized');
});

test('a token that has ended is replaced at once; without getToken it is the end', async () => {
	const chat = await inRoom({ getToken: tokens() });
	FakeSocket.last.lose(4410, 'token_expired');
	await settle();
	FakeSocket.last.open();
	assert.equal(hello().token, 't2');
	assert.deepEqual(needs, ['first', 'return']);
	chat.close();
	const plain = client({ token: 'old' });
	accept();
	FakeSocket.last.lose(4410, 'token_expired');
	assert.deepEqual([plain.state, states.at(-1).code, states.at(-1).fatal], ['closed', 4410, true]);
});

for (const notice of [{ ev: 'expiring', in_ms: 60000 }, { ev: 'notice', code: 'expiring', in_ms: 60000 }]) {
	test(`a token that ends soon is renewed in place: ${JSON.stringify(notice)}`, async () => {
		const chat = await inRoom({ getToken: tokens() });
		const told = [];
		chat.on('expiring', (detail) => told.push(detail));
		FakeSocket.last.say(notice);
		await settle();
		assert.deepEqual(told, [{ inMs: 60000 }]);
		assert.deepEqual(needs, ['first', 'expiring']);
		assert.deepEqual(FakeSocket.last.of('refresh').map(({ token }) => token), ['t2']);
		FakeSocket.last.answer('refresh', {});
		await clock.advance(40000);
		assert.equal(FakeSocket.last.of('refresh').length, 1);
		assert.equal(FakeSocket.all.length, 1);
		chat.close();
	});
}

test('a renewal that fails is tried again while the old token holds', async () => {
	const chat = await inRoom({ getToken: tokens(['t1', new Error('503')]) });
	FakeSocket.last.say({ ev: 'expiring', in_ms: 60000 });
	await settle();
	await clock.advance(9999);
	assert.equal(needs.length, 2);
	await clock.advance(1);
	assert.deepEqual(FakeSocket.last.of('refresh').map(({ token }) => token), ['t3']);
	refuse('refresh', { code: 'unauthorized' });
	await settle();
	await clock.advance(10000);
	assert.deepEqual(FakeSocket.last.of('refresh').map(({ token }) => token), ['t3', 't4']);
	assert.equal(chat.state, 'connected');
	chat.close();
	await clock.advance(60000);
	assert.equal(needs.length, 4);
});

test('refresh() says a token at once and keeps it for later', async () => {
	const chat = client({ token: 'one' });
	accept();
	const asked = chat.refresh('two');
	FakeSocket.last.answer('refresh', { exp: 5 });
	assert.deepEqual(await asked, { exp: 5 });
	FakeSocket.last.lose();
	await chat.refresh('three');
	await clock.advance(3000);
	FakeSocket.last.open();
	assert.equal(hello().token, 'three');
	chat.close();
});

test('refresh(): a connection that ends takes no promise along, and a token that was refused is not shown again', async () => {
	const chat = client({ token: 'one' });
	accept();
	const refused = codeOf(chat.refresh('bad'));
	refuse('refresh', { code: 'unauthorized' });
	assert.equal(await refused, 'unauthorized');
	FakeSocket.last.lose();
	await clock.advance(3000);
	FakeSocket.last.open();
	assert.equal(hello().token, 'one');
	accept();
	const given = [];
	chat.refresh('two').then((ok) => given.push(ok));
	chat.refresh('three').then((ok) => given.push(ok));
	FakeSocket.last.lose();
	await settle();
	assert.deepEqual(given, [{}, {}], 'nobody answers them any more');
	await clock.advance(3000);
	FakeSocket.last.open();
	assert.equal(hello().token, 'three');
	chat.close();
});

test('who is banned from the server is told until when, and does not come back', async () => {
	const DAY_MS = 24 * 3600 * 1000;
	const told = () => {
		const { state, fatal, code, error, until } = states.at(-1);
		assert.deepEqual([state, fatal, code, error.code], ['closed', true, 4412, 'banned']);
		return until === undefined ? undefined : Math.round((until - Date.now()) / 60000);
	};
	client({ name: 'Bob' });
	FakeSocket.last.open();
	turnAway({ code: 'forbidden', retry_ms: 3600000 }, 4412, 'banned');
	assert.deepEqual([told(), states.at(-1).error.retryMs], [60, 3600000]);
	client({ name: 'Bob' });
	FakeSocket.last.open();
	turnAway({ code: 'forbidden', retry_ms: DAY_MS }, 4412, 'banned');
	assert.equal(told(), undefined, 'a day may be more');
	client({ name: 'Bob' });
	accept();
	FakeSocket.last.lose(4412, 'banned');
	assert.equal(told(), undefined, 'who was here is not told');
	const late = client({ name: 'Bob' });
	FakeSocket.last.open();
	refuse('hello', { code: 'forbidden', retry_ms: 3600000 });
	await clock.advance(999);
	assert.equal(late.state, 'connecting');
	await clock.advance(1);
	assert.equal(told(), 60, 'the code got lost');
	await clock.advance(100000);
	assert.equal(FakeSocket.all.length, 4);
});

test('what hello is refused with for now is waited for, and as long as the close code asks', async () => {
	const cases = [
		['limit', 10000, 4414, 'user_limit'], ['rate_limited', 30000, 4513, 'try_later'], ['unavailable', 1000, 4513, 'try_later'],
	];
	for (const [error, retryMs, code, reason] of cases) {
		for (const lost of [false, true]) {
			FakeSocket.reset();
			const chat = client({ name: 'Bob' });
			FakeSocket.last.open();
			clock.drawn = 0.9;
			if (lost) {
				refuse('hello', { code: error, retry_ms: retryMs });
				await clock.advance(1000);
				assert.ok(FakeSocket.last.closed);
			} else {
				turnAway({ code: error, retry_ms: retryMs }, code, reason);
			}
			const { state, code: said, delayMs } = states.at(-1);
			assert.deepEqual([state, said, delayMs], ['waiting', code, Math.max(retryMs, 18050)], error);
			await clock.advance(delayMs - 1);
			assert.equal(FakeSocket.all.length, 1);
			await clock.advance(1);
			assert.equal(FakeSocket.all.length, 2);
			chat.close();
		}
	}
	const chat = client({ name: 'Bob' });
	accept();
	clock.drawn = 0;
	FakeSocket.last.say({ re: 0, err: { code: 'limit', msg: '', retry_ms: 10000 } });
	FakeSocket.last.lose(4414, 'user_limit');
	assert.equal(states.at(-1).delayMs, 10000, 'connections are counted elsewhere: it may come after the ok');
	chat.close();
});

test('a hook that says no, or a name that cannot be, is the end; no other token is fetched for it', async () => {
	for (const [error, code] of [['forbidden', 4403], ['bad_request', 4401]]) {
		FakeSocket.reset();
		client({ getToken: tokens() });
		await settle();
		FakeSocket.last.open();
		turnAway({ code: error, msg: 'why' }, code, error);
		await settle();
		assert.deepEqual([states.at(-1).code, states.at(-1).fatal, states.at(-1).error.code, states.at(-1).reason],
			[code, true, error, 'why']);
		assert.equal(FakeSocket.all.length, 1);
	}
});

test('unsent messages of one with a token are kept under the name that the server gives', async () => {
	const storage = new FakeStorage();
	const chat = client({ token: 't', storage, locks: null });
	chat.join('a').catch(() => {});
	chat.send('a', 'early');
	assert.equal(storage.length, 0, 'nobody knows yet whose it is');
	accept();
	assert.deepEqual([...storage.items.values()].map((text) => JSON.parse(text).name), ['ann']);
	chat.close();
	assert.equal(storage.length, 1);
	const next = client({ token: 't', storage, locks: null, producer: 'other' });
	next.join('a').catch(() => {});
	accept();
	FakeSocket.last.enter('a');
	assert.deepEqual(FakeSocket.last.of('send').map(({ cid, data }) => `${cid} ${data}`), ['me:1 early']);
	next.close();
});

test('mod says what is to be done, and its events come as any other', async () => {
	const chat = await inRoom({ name: 'Mia' });
	const seen = [];
	chat.on('mod', (event) => seen.push(event));
	const done = chat.mod('a', 'ban', { user: 'Bob', for: 3600, reason: 'spam' });
	const { id, ...frame } = FakeSocket.last.of('mod')[0];
	assert.deepEqual(frame, { op: 'mod', room: 'a', act: 'ban', user: 'Bob', for: 3600, reason: 'spam' });
	const event = { ev: 'mod', room: 'a', seq: 1, ts: 1, from: 'Mia', act: 'ban', user: 'Bob', until: 5, reason: 'spam' };
	FakeSocket.last.say(event);
	FakeSocket.last.say({ ...event });
	FakeSocket.last.say({ re: id, ok: { room: 'a', seq: 1, ts: 1, epoch: 'q7', class: 'memory' } });
	assert.equal((await done).seq, 1);
	assert.deepEqual(seen, [event], 'once');
	const refused = chat.mod('a', 'kick', { user: 'Root' });
	refuse('mod', { code: 'forbidden' });
	assert.equal(await codeOf(refused), 'forbidden');
	chat.close();
});

test('an act whose answer was lost is not done twice', async () => {
	const chat = await inRoom({ name: 'Mia' });
	const back = async (joined, meanwhile = () => {}) => {
		const lost = FakeSocket.last;
		lost.lose();
		meanwhile();
		while (FakeSocket.last === lost)
			await clock.advance(100);
		FakeSocket.last.accept();
		FakeSocket.last.enter('a', joined);
		await settle();
	};
	const act = (seq, act, more) => ({ ev: 'mod', room: 'a', seq, ts: seq, from: 'Mia', act, ...more });
	chat.on('joined', () => void chat.presence('a'));	/* what is asked by then does not take it along */
	const kick = chat.mod('a', 'kick', { user: 'Bob' });
	const slow = chat.mod('a', 'slow', { every: 5 });
	const lock = chat.mod('a', 'lock');
	await back({ recovered: true, seq: 4, events: [act(1, 'kick', { user: 'Cem' }), act(2, 'slow', { every: 9 }),
		act(3, 'kick', { user: 'Bob' }), act(4, 'lock', { from: 'Root' })] });
	assert.deepEqual(await kick, { room: 'a', seq: 3, ts: 3, epoch: 'q7', class: 'memory' });
	assert.deepEqual(FakeSocket.last.of('mod').map((frame) => frame.act), ['slow', 'lock'], 'what did not come to be is asked again');
	FakeSocket.last.refuse('mod', { code: 'conflict' });
	assert.equal(await codeOf(lock), 'conflict');

	await back({ recovered: true, seq: 4, more: true });
	assert.equal(await codeOf(slow), 'lost', 'it may be in the rest');
	assert.deepEqual(FakeSocket.last.of('mod'), []);

	const ban = chat.mod('a', 'ban', { user: 'Bob' });
	await back({ recovered: false, reason: 'gap', seq: 900, first: 800 });
	assert.equal(await codeOf(ban), 'lost');
	assert.deepEqual(FakeSocket.last.of('mod'), []);

	let late;
	await back({ recovered: false, reason: 'gap', seq: 950, first: 850 }, () => {
		late = chat.mod('a', 'unlock');
	});
	assert.equal(FakeSocket.last.of('mod').length, 1, 'it had not been asked');
	FakeSocket.last.answer('mod', { room: 'a', seq: 951, ts: 1, epoch: 'q7', class: 'memory' });
	assert.equal((await late).seq, 951);
	chat.close();
});

test('rights are those of the last join', async () => {
	const chat = client({ name: 'Mia' });
	chat.join('a').catch(() => {});
	assert.deepEqual(chat.rights('a'), []);
	accept();
	FakeSocket.last.enter('a', { rights: ['read', 'moderate'] });
	assert.deepEqual(chat.rights('a'), ['read', 'moderate']);
	assert.deepEqual(chat.rights('b'), []);
	chat.close();
});

test('who is removed is out of the room, with what was not sent, and is told why', async () => {
	const chat = await inRoom({ name: 'Bob' });
	const removed = [];
	chat.on('removed', (detail) => removed.push(detail));
	const sent = chat.send('a', 'wait');
	const asked = chat.history('a');
	const until = Date.now() + 60000;
	FakeSocket.last.say({ ev: 'removed', room: 'a', act: 'ban', until, reason: 'spam' });
	assert.deepEqual(removed, [{ room: 'a', act: 'ban', until, reason: 'spam' }]);
	assert.deepEqual([await codeOf(sent), await codeOf(asked)], ['banned', 'banned']);
	const error = await sent.catch((why) => why);
	assert.ok(error.retryMs > 30000 && error.message === 'spam');
	assert.deepEqual(chat.rooms, []);
	const seen = [];
	chat.on('msg', (event) => seen.push(event));
	FakeSocket.last.say(msg(1));
	assert.deepEqual(seen, []);
	FakeSocket.last.say({ ev: 'removed', room: 'a', act: 'kick' });
	assert.equal(removed.length, 1, 'of a room that is not known nothing is told');
	FakeSocket.last.lose();
	await clock.advance(3000);
	accept();
	assert.deepEqual(FakeSocket.last.of('join'), [], 'it is not joined again');
	chat.close();
});

test('a ban refuses a join for good, and says when it ends', async () => {
	const chat = client({ name: 'Bob' });
	const refused = [];
	chat.on('refused', (detail) => refused.push(detail));
	const joined = codeOf(chat.join('a'));
	accept();
	refuse('join', { code: 'banned', retry_ms: 5000 });
	assert.equal(await joined, 'banned');
	assert.equal(refused[0].error.retryMs, 5000);
	await clock.advance(10000);
	assert.equal(FakeSocket.last.of('join').length, 1);
	chat.close();
});

for (const code of ['muted', 'read_only', 'banned']) {
	test(`${code} refuses a message for good: nobody wants it said an hour later`, async () => {
		const chat = await inRoom({ name: 'Bob' });
		const first = codeOf(chat.send('a', 1));
		refuse('send', { code, retry_ms: 3600000 });
		assert.equal(await first, code);
		chat.send('a', 2).catch(() => {});
		assert.equal(FakeSocket.last.of('send').length, 2, 'the next one is tried');
		chat.close();
	});
}

test('slow_mode puts a message off until its turn, under its cid', async () => {
	const chat = await inRoom({ name: 'Bob' });
	const sent = chat.send('a', 'patience');
	refuse('send', { code: 'slow_mode', retry_ms: 4000 });
	assert.equal(chat.outbox('a')[0].state, 'pending');
	await clock.advance(3999);
	assert.equal(FakeSocket.last.of('send').length, 1);
	await clock.advance(1);
	const [one, two] = FakeSocket.last.of('send');
	assert.equal(one.cid, two.cid);
	FakeSocket.last.answer('send', { room: 'a', seq: 1, ts: 1, epoch: 'q7', class: 'memory' });
	assert.equal((await sent).seq, 1);
	chat.close();
});
