/* uproar.test.mjs - uproar.js against a server that is played by the test. */

import { test, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { Uproar, UproarError, backoffMs, drawProducer } from 'uproar-assets/uproar.js';
import { FakeClock, FakeLocks, FakeQuota, FakeSocket, FakeStorage, settle, msg } from './fake.mjs';

let clock;
let heard;

beforeEach(() => {
	clock = new FakeClock();
	heard = [];
	FakeSocket.reset();
});

function client({ producer = 'me', ...options } = {}) {
	const chat = new Uproar({ url: 'ws://test/ws', name: 'Ann', WebSocket: FakeSocket, clock: clock.of(producer), ...options });
	for (const type of ['joined', 'reset', 'refused', 'msg', 'edit', 'del', 'react', 'mod', 'lagged', 'typing', 'slow'])
		chat.on(type, (detail) => heard.push(detail.seq !== undefined && type !== 'joined' ? `${type} ${detail.seq}` : type));
	return chat;
}

/* A client that is in room a. */
function inRoom(options) {
	const chat = client(options);
	chat.join('a');
	FakeSocket.last.accept();
	FakeSocket.last.enter('a');
	return chat;
}

async function rejected(promise) {
	try {
		await promise;
	} catch (error) {
		assert.ok(error instanceof UproarError, String(error));
		return error.code;
	}
	return 'not rejected';
}

const ack = (seq, more = {}) => ({ room: 'a', seq, ts: seq, epoch: 'q7', class: 'memory', ...more });

test('the wait is drawn evenly from 0.5 s to min(20, 2^k) s', () => {
	assert.equal(backoffMs(1, 0), 500);
	assert.equal(backoffMs(1, 1), 2000);
	assert.equal(backoffMs(2, 1), 4000);
	assert.equal(backoffMs(4, 1), 16000);
	assert.equal(backoffMs(5, 1), 20000);
	assert.equal(backoffMs(5000, 1), 20000);
	assert.equal(backoffMs(5000, 0), 500);
	assert.equal(backoffMs(5, 0.5), 10250);
});

test('a producer is of its grammar and not drawn twice', () => {
	const drawn = new Set(Array.from({ length: 200 }, drawProducer));
	assert.equal(drawn.size, 200);
	for (const producer of drawn)
		assert.match(producer, /^[A-Za-z0-9_-]{16}$/);
});

test('no client counts from 1 under the producer of an earlier one, whatever it is given', () => {
	const cids = [1, 2].map((data) => {
		const chat = new Uproar({ url: 'ws://test/ws', name: 'Ann', WebSocket: FakeSocket, clock, producer: 'me' });
		chat.join('a');
		return chat.send('a', data).cid;
	});
	assert.notEqual(cids[0], cids[1]);
});

test('hello and every join leave in one flight', () => {
	const chat = client();
	chat.join('a', { presence: true, limit: 7 });
	chat.join('b');
	const socket = FakeSocket.last;
	assert.deepEqual(socket.protocols, ['uproar.v1']);
	assert.deepEqual(socket.sent, []);
	socket.open();
	assert.deepEqual(socket.sent.map(({ op, name, room, limit, presence }) => ({ op, name, room, limit, presence })), [
		{ op: 'hello', name: 'Ann', room: undefined, limit: undefined, presence: undefined },
		{ op: 'join', name: undefined, room: 'a', limit: 7, presence: true },
		{ op: 'join', name: undefined, room: 'b', limit: undefined, presence: undefined },
	]);
	assert.equal(socket.of('join')[0].since, undefined);
});

test('a join is answered, then its events follow once and in order', async () => {
	const chat = client();
	const joining = chat.join('a');
	FakeSocket.last.accept();
	assert.equal(chat.state, 'connected');
	FakeSocket.last.enter('a', { seq: 5, events: [msg(4), msg(5)] });
	FakeSocket.last.say(msg(5));
	FakeSocket.last.say(msg(4));
	FakeSocket.last.say(msg(6));
	assert.deepEqual(heard, ['joined', 'msg 4', 'msg 5', 'msg 6']);
	assert.equal((await joining).seq, 5);
	assert.deepEqual(chat.position('a'), { seq: 6, epoch: 'q7' });
	assert.equal(chat.join('a'), joining);
});

test('events before the join was answered, and of other rooms, are not handed on', () => {
	const chat = client();
	chat.join('a');
	FakeSocket.last.accept();
	FakeSocket.last.say(msg(1));
	FakeSocket.last.enter('a');
	FakeSocket.last.say(msg(1, { room: 'elsewhere' }));
	assert.deepEqual(heard, ['joined']);
});

test('after a loss it comes back at the drawn time and not before, and k grows', async () => {
	inRoom();
	FakeSocket.last.lose();
	await clock.advance(backoffMs(1, 0.5) - 1);
	assert.equal(FakeSocket.all.length, 1);
	await clock.advance(1);
	assert.equal(FakeSocket.all.length, 2);
	FakeSocket.last.lose();
	await clock.advance(backoffMs(2, 0.5) - 1);
	assert.equal(FakeSocket.all.length, 2);
	await clock.advance(1);
	assert.equal(FakeSocket.all.length, 3);
});

test('k starts again after 10 s of a good connection, not sooner', async () => {
	inRoom();
	FakeSocket.last.lose();
	await clock.advance(backoffMs(1, 0.5));
	FakeSocket.last.accept();
	await clock.advance(9999);
	FakeSocket.last.lose();
	await clock.advance(backoffMs(2, 0.5) - 1);
	assert.equal(FakeSocket.all.length, 2);
	await clock.advance(1);
	FakeSocket.last.accept();
	await clock.advance(10000);
	FakeSocket.last.lose();
	await clock.advance(backoffMs(1, 0.5));
	assert.equal(FakeSocket.all.length, 4);
});

test('a socket that never opens, or a hello without an answer, is given up after 10 s', async () => {
	client();
	await clock.advance(9999);
	assert.equal(FakeSocket.all[0].closed, false);
	await clock.advance(1);
	assert.equal(FakeSocket.all[0].closed, true);
	await clock.advance(2000);
	assert.equal(FakeSocket.all.length, 2);
	FakeSocket.last.open();
	await clock.advance(10000);
	assert.equal(FakeSocket.all[1].closed, true);
});

test('a room is resumed from its last event', async () => {
	inRoom();
	FakeSocket.last.say(msg(1));
	FakeSocket.last.say(msg(2));
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	assert.deepEqual(FakeSocket.last.of('join')[0].since, { seq: 2, epoch: 'q7' });
	heard = [];
	FakeSocket.last.enter('a', { seq: 5, recovered: true, more: true, events: [msg(3), msg(4)] });
	FakeSocket.last.say(msg(5));
	assert.deepEqual(heard, ['joined', 'msg 3', 'msg 4', 'msg 5']);
});

test('what cannot be resumed is announced before anything of the new copy', async () => {
	const chat = inRoom();
	FakeSocket.last.say(msg(1));
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	heard = [];
	FakeSocket.last.enter('a', { epoch: 'new', seq: 1, recovered: false, reason: 'epoch', events: [msg(1)] });
	assert.deepEqual(heard, ['reset', 'joined', 'msg 1']);
	assert.deepEqual(chat.position('a'), { seq: 1, epoch: 'new' });
});

test('a target keeps the epoch that it was chosen in', async () => {
	const chat = inRoom();
	chat.edit('a', 1, 'x').catch(() => {});
	assert.equal(FakeSocket.last.of('edit')[0].epoch, 'q7');
	FakeSocket.last.lose();
	chat.del('a', 2).catch(() => {});
	await clock.advance(5000);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { epoch: 'new', seq: 1, recovered: false, reason: 'epoch', events: [msg(1)] });
	assert.deepEqual(['edit', 'del'].map((op) => FakeSocket.last.of(op)[0].epoch), ['q7', 'q7']);
	chat.react('a', 1, 'y').catch(() => {});
	assert.equal(FakeSocket.last.of('react')[0].epoch, 'new');
});

test('unacknowledged sends are sent again under their cid, in order, after the join', async () => {
	const chat = inRoom();
	const first = chat.send('a', 1);
	const second = chat.send('a', 2);
	const third = chat.react('a', 9, 'x');
	assert.deepEqual([first.cid, second.cid, third.cid], ['me:1', 'me:2', 'me:3']);
	const sent = FakeSocket.last.of('send');
	FakeSocket.last.say({ re: sent[0].id, ok: ack(1) });
	assert.equal((await first).seq, 1);
	FakeSocket.last.lose();
	const fourth = chat.send('a', 4);
	await clock.advance(5000);
	FakeSocket.last.accept();
	assert.equal(FakeSocket.last.of('send').length, 0, 'not before the room is joined');
	FakeSocket.last.enter('a', { seq: 2, recovered: true, events: [msg(1), msg(2, { cid: 'me:2' })] });
	assert.deepEqual(FakeSocket.last.sent.slice(2).map(({ op, cid, data }) => [op, cid, data]),
		[['send', 'me:2', 2], ['react', 'me:3', undefined], ['send', 'me:4', 4]]);
	FakeSocket.last.say({ re: FakeSocket.last.of('send')[0].id, ok: ack(2, { dup: true }) });
	assert.equal((await second).dup, true);
	FakeSocket.last.answer('react', ack(3));
	FakeSocket.last.answer('send', ack(4));
	await third;
	assert.equal((await fourth).seq, 4);
	assert.equal(chat.unacked, 0);
});

test('n counts from 1 in each room, and goes on after leaving', () => {
	const chat = inRoom();
	chat.join('b');
	FakeSocket.last.enter('b');
	assert.equal(chat.send('a', 1).cid, 'me:1');
	assert.equal(chat.send('b', 1).cid, 'me:1');
	assert.equal(chat.send('a', 1).cid, 'me:2');
	chat.leave('a');
	chat.join('a');
	assert.equal(chat.send('a', 1).cid, 'me:3');
});

test('what is written offline is kept and sent in order', () => {
	const chat = client();
	chat.join('a');
	chat.send('a', 1);
	FakeSocket.last.accept();
	chat.send('a', 2);
	chat.typing('a');
	assert.equal(FakeSocket.last.of('send').length + FakeSocket.last.of('typing').length, 0, 'not before the join');
	FakeSocket.last.enter('a');
	assert.deepEqual(FakeSocket.last.of('send').map((frame) => frame.data), [1, 2]);
});

test('no more than 64 are unacknowledged on the wire', async () => {
	const chat = client();
	chat.join('a');
	FakeSocket.last.accept({ limits: { sends: 1000, data: 16384 } });
	FakeSocket.last.enter('a');
	for (let i = 1; i <= 66; i++)
		chat.send('a', i);
	await clock.advance(1000);
	const sent = FakeSocket.last.of('send');
	assert.equal(sent.length, 64);
	FakeSocket.last.say({ re: sent[0].id, ok: ack(1) });
	assert.equal(FakeSocket.last.of('send').length, 65);
});

test('it sends no faster than hello allows', async () => {
	const chat = inRoom();
	for (let i = 1; i <= 30; i++)
		chat.send('a', i);
	assert.equal(FakeSocket.last.of('send').length, 20);
	await clock.advance(100);
	assert.equal(FakeSocket.last.of('send').length, 22);
	await clock.advance(400);
	assert.equal(FakeSocket.last.of('send').length, 30);
});

test('a server without a limit on sends says 0', () => {
	const chat = client();
	chat.join('a');
	FakeSocket.last.accept({ limits: { sends: 0, data: 16384 } });
	FakeSocket.last.enter('a');
	for (let i = 1; i <= 60; i++)
		chat.send('a', i);
	assert.equal(FakeSocket.last.of('send').length, 60);
});

test('rate_limited waits retry_ms and sends the same cid; forbidden is final', async () => {
	const chat = inRoom();
	const limited = chat.send('a', 1);
	const refused = chat.del('a', 7);
	FakeSocket.last.say({ re: FakeSocket.last.of('send')[0].id, err: { code: 'rate_limited', msg: '', retry_ms: 800 } });
	FakeSocket.last.say({ re: FakeSocket.last.of('del')[0].id, err: { code: 'forbidden', msg: 'no' } });
	assert.equal(await rejected(refused), 'forbidden');
	await clock.advance(799);
	assert.equal(FakeSocket.last.of('send').length, 1);
	await clock.advance(1);
	assert.deepEqual(FakeSocket.last.of('send').map((frame) => frame.cid), ['me:1', 'me:1']);
	FakeSocket.last.answer('send', ack(1));
	assert.equal((await limited).seq, 1);
	assert.equal(FakeSocket.last.of('del').length, 1);
});

test('storage_full and unavailable wait retry_ms, in order, and are told', async () => {
	const chat = inRoom();
	const told = [];
	chat.on('outbox', ({ cid, state, error }) => told.push(`${cid} ${state}${error ? ` ${error.code}` : ''}`));
	chat.send('a', 1);
	chat.send('a', 2);
	const [one, two] = FakeSocket.last.of('send');
	FakeSocket.last.say({ re: one.id, err: { code: 'storage_full', msg: '', retry_ms: 5000 } });
	FakeSocket.last.say({ re: two.id, err: { code: 'unavailable', msg: '', retry_ms: 5000 } });
	await clock.advance(4999);
	assert.equal(FakeSocket.last.of('send').length, 2);
	await clock.advance(1);
	assert.deepEqual(FakeSocket.last.of('send').slice(2).map((frame) => frame.cid), ['me:1', 'me:2']);
	assert.equal(chat.unacked, 2);
	assert.deepEqual(told, ['me:1 pending', 'me:2 pending', 'me:1 pending storage_full', 'me:2 pending unavailable']);
});

test('a slow room holds messages back, and nothing else', async () => {
	const chat = inRoom();
	const said = () => FakeSocket.last.sent.slice(2).map(({ op, cid }) => `${op} ${cid}`);
	for (let i = 1; i <= 70; i++)
		chat.send('a', i);
	FakeSocket.last.answer('send', ack(1));
	for (const { id } of FakeSocket.last.of('send').slice(0, -1))
		FakeSocket.last.say({ re: id, err: { code: 'slow_mode', msg: '', retry_ms: 20000 } });
	await clock.advance(1000);
	assert.equal(said().length, 20, 'the others wait, too');
	chat.del('a', 1);
	chat.react('a', 2, 'y');
	chat.send('a', 71);
	assert.deepEqual(said().slice(20), ['del me:71', 'react me:72']);
	FakeSocket.last.refuse('del', { code: 'unavailable', retry_ms: 500 });
	chat.edit('a', 3, 'z');
	assert.equal(said().length, 22, 'for other reasons all wait');
	await clock.advance(500);
	assert.deepEqual(said().slice(22), ['del me:71', 'edit me:74']);
	await clock.advance(20000 - 1500 - 1);
	assert.equal(said().length, 24);
	await clock.advance(1);
	assert.equal(said()[24], 'send me:1');
});

test('a message waits for its turn no longer than the room is slow', async () => {
	const chat = inRoom();
	const slow = () => FakeSocket.last.refuse('send', { code: 'slow_mode', retry_ms: 3600000 });
	chat.send('a', 1);
	slow();
	FakeSocket.last.say({ ev: 'mod', room: 'a', seq: 1, ts: 1, from: 'Mia', act: 'lock' });
	assert.equal(FakeSocket.last.of('send').length, 1);
	FakeSocket.last.say({ ev: 'mod', room: 'a', seq: 2, ts: 2, from: 'Mia', act: 'slow', every: 0 });
	assert.equal(FakeSocket.last.of('send').length, 2);
	slow();
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { seq: 900 });
	assert.equal(FakeSocket.last.of('send').length, 1, 'what was said meanwhile may not be told');
});

test('the outbox tells what is new, acknowledged, and refused', async () => {
	const chat = inRoom();
	const told = [];
	chat.on('outbox', (unsent) => told.push(unsent));
	chat.send('a', { text: 'x' });
	chat.react('a', 7, 'y');
	assert.deepEqual(chat.outbox('a').map(({ op, cid, state, data, key }) => [op, cid, state, data, key]),
		[['send', 'me:1', 'pending', { text: 'x' }, undefined], ['react', 'me:2', 'pending', undefined, 'y']]);
	FakeSocket.last.answer('send', ack(8));
	FakeSocket.last.say({ re: FakeSocket.last.of('react')[0].id, err: { code: 'gone', msg: 'no' } });
	assert.deepEqual(told.map(({ op, cid, state }) => `${op} ${cid} ${state}`),
		['send me:1 pending', 'react me:2 pending', 'send me:1 sent', 'react me:2 failed']);
	assert.equal(told[2].ack.seq, 8);
	assert.deepEqual(told[2].data, { text: 'x' });
	assert.equal(told[3].error.code, 'gone');
	assert.ok(Math.abs(told[0].at - Date.now()) < 5000 && told[0].restored === undefined);
	assert.deepEqual(chat.outbox('a'), []);
	chat.send('a', 3);
	chat.leave('a');
	assert.equal(told.at(-1).error.code, 'closed');
	assert.deepEqual(chat.outbox('a'), []);
});

test('what failed with its room has failed, whatever the server says of it later', () => {
	const chat = inRoom();
	const told = [];
	chat.on('outbox', ({ cid, state }) => told.push(`${cid} ${state}`));
	for (const data of [1, 2, 3])
		chat.send('a', data);
	chat.leave('a');
	const [one, two, three] = FakeSocket.last.of('send');
	FakeSocket.last.say({ re: one.id, ok: ack(1) });
	FakeSocket.last.say({ re: two.id, err: { code: 'rate_limited', msg: '', retry_ms: 100 } });
	FakeSocket.last.say({ re: three.id, err: { code: 'not_joined', msg: '' } });
	assert.deepEqual(told.slice(3), ['me:1 failed', 'me:2 failed', 'me:3 failed']);
});

test('what an earlier run did not get acknowledged is sent first, under its first cid', async () => {
	const storage = new FakeStorage();
	const old = inRoom({ storage, locks: null, producer: 'old' });
	old.send('a', 1);
	FakeSocket.last.answer('send', ack(1));
	for (let i = 2; i <= 11; i++)
		old.send('a', i);
	assert.equal(storage.length, 10);
	old.close();
	assert.equal(storage.length, 10, 'closing is not forgetting');
	const chat = client({ storage, locks: null, producer: 'new' });
	const told = [];
	chat.on('outbox', ({ cid, state, restored }) => told.push(`${cid} ${state} ${restored}`));
	chat.join('a');
	assert.equal(chat.send('a', 12).cid, 'new:1');
	assert.deepEqual(told.slice(0, 2), ['old:2 pending true', 'old:3 pending true']);
	assert.equal(told.at(-1), 'new:1 pending undefined');
	FakeSocket.last.accept();
	assert.equal(FakeSocket.last.of('send').length, 0);
	FakeSocket.last.enter('a', { seq: 1 });
	assert.deepEqual(FakeSocket.last.of('send').map((frame) => frame.data), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
	assert.deepEqual(FakeSocket.last.of('send').slice(0, 1).map((frame) => frame.cid), ['old:2']);
	for (const frame of FakeSocket.last.of('send'))
		FakeSocket.last.say({ re: frame.id, ok: ack(frame.data) });
	assert.equal(storage.length, 0);
	assert.equal(told.filter((line) => / sent /.test(line)).length, 11);
});

test('sends of another name, of another server, of rooms not joined, and old ones are left alone', async () => {
	const storage = new FakeStorage();
	const leave = (options) => {
		const chat = inRoom({ storage, locks: null, ...options });
		chat.send('a', 1);
		chat.close();
	};
	storage.setItem('uproar.name', '"Ann"');
	leave({ producer: 'p1', name: 'Bob' });
	leave({ producer: 'p2', url: 'ws://other/ws' });
	leave({ producer: 'p3' });
	const stale = [...storage.items.keys()].find((key) => key.includes('/p3:'));
	storage.setItem(stale, JSON.stringify({ ...JSON.parse(storage.getItem(stale)), at: Date.now() - 8 * 24 * 3600 * 1000 }));
	storage.setItem('uproar.sends/p4:1/a', 'not JSON');
	leave({ producer: 'p5' });
	const chat = client({ storage, locks: null, producer: 'p6' });
	chat.join('b');
	assert.equal(chat.unacked, 0);
	chat.join('a');
	assert.deepEqual(chat.outbox('a').map(({ cid }) => cid), ['p5:1']);
	assert.deepEqual([...storage.items.keys()].sort(), ['uproar.name', 'uproar.sends/p1:1/a', 'uproar.sends/p2:1/a', 'uproar.sends/p5:1/a']);
});

test('what was refused is not sent by the next run; a full storage changes nothing else', () => {
	const storage = new FakeStorage();
	const chat = inRoom({ storage, locks: null });
	chat.send('a', 1);
	FakeSocket.last.say({ re: FakeSocket.last.of('send')[0].id, err: { code: 'forbidden', msg: 'no' } });
	assert.equal(storage.length, 0);
	storage.full = true;
	chat.send('a', 2);
	assert.equal(FakeSocket.last.of('send').length, 2);
	FakeSocket.last.answer('send', ack(2));
	assert.equal(chat.unacked, 0);
});

test('closed and connected again, a client finds what it had left, and counts on', () => {
	const storage = new FakeStorage();
	const chat = inRoom({ storage, locks: null });
	chat.send('a', 1);
	chat.close();
	chat.connect();
	chat.join('a');
	assert.deepEqual(chat.outbox('a').map(({ cid, restored }) => [cid, restored]), [['me:1', true]]);
	assert.equal(chat.send('a', 2).cid, 'me:2');
	chat.close();
});

test('a living tab\'s sends are its own; when it ends one other takes them over', async () => {
	const storage = new FakeStorage();
	const locks = new FakeLocks();
	const first = inRoom({ storage, locks, producer: 'first' });
	await settle();
	first.send('a', 1);
	const others = ['second', 'third'].map((producer) => {
		const chat = client({ storage, locks, producer });
		chat.join('a');
		return chat;
	});
	await settle();
	assert.deepEqual(others.map((chat) => chat.unacked), [0, 0]);
	others[0].send('a', 2);
	first.close();
	await settle();
	await settle();
	assert.deepEqual(others.map((chat) => chat.outbox('a').map(({ cid }) => cid)), [['first:1', 'second:1'], []]);
	FakeSocket.all[1].accept();
	FakeSocket.all[1].enter('a');
	assert.equal(FakeSocket.all[1].of('send')[0].cid, 'first:1');
	for (const { id } of FakeSocket.all[1].of('send'))
		FakeSocket.all[1].say({ re: id, ok: ack(id) });
	others[0].close();
	await settle();
	await settle();
	assert.equal(others[1].unacked, 0, 'it was sent');
});

test('search is asked as it was called, again after a loss, and refused for what the server says', async () => {
	const chat = inRoom();
	const found = chat.search('a', 'red eggs', { limit: 5, before: 9 });
	const { id, ...asked } = FakeSocket.last.of('search')[0];
	assert.deepEqual(asked, { op: 'search', room: 'a', query: 'red eggs', limit: 5, before: 9 });
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { recovered: true });
	FakeSocket.last.answer('search', { room: 'a', epoch: 'q7', events: [msg(3, { rev: 2 })], more: true });
	assert.equal((await found).events[0].rev, 2);
	assert.deepEqual(heard.filter((what) => what.startsWith('msg')), [], 'what is found is no event');
	const refused = chat.search('a', '...');
	FakeSocket.last.say({ re: FakeSocket.last.of('search').pop().id, err: { code: 'unsupported', msg: '' } });
	assert.equal(await rejected(refused), 'unsupported');
	assert.ok(id > 0);
});

test('data above the limit, no data, and rooms not joined are refused here', async () => {
	const chat = inRoom();
	assert.equal(await rejected(chat.send('a', 'x'.repeat(16383))), 'too_large');
	assert.equal(await rejected(chat.send('a', undefined)), 'bad_request');
	assert.equal(await rejected(chat.send('b', 1)), 'not_joined');
	assert.equal(await rejected(chat.history('b')), 'not_joined');
	assert.equal(FakeSocket.last.of('send').length, 0);
	chat.send('a', 'x'.repeat(16382));
	assert.equal(FakeSocket.last.of('send').length, 1);
	assert.equal(FakeSocket.last.of('send')[0].cid, 'me:1');
});

test('notice reconnect: on until after_ms, then back at once', async () => {
	const chat = inRoom();
	FakeSocket.last.say({ ev: 'notice', code: 'reconnect', after_ms: 7312, reason: 'restart' });
	await clock.advance(7311);
	chat.send('a', 1);
	assert.equal(FakeSocket.all[0].of('send').length, 1);
	assert.equal(FakeSocket.all.length, 1);
	await clock.advance(1);
	assert.equal(FakeSocket.all[0].closed, true);
	assert.equal(FakeSocket.all.length, 2);
});

test('notice reconnect: a server that closes sooner is not met sooner', async () => {
	const chat = inRoom();
	FakeSocket.last.say({ ev: 'notice', code: 'reconnect', after_ms: 3000, reason: 'restart' });
	await clock.advance(1000);
	FakeSocket.last.lose(4503, 'restart');
	chat.connect();
	await clock.advance(1999);
	assert.equal(FakeSocket.all.length, 1);
	await clock.advance(1);
	assert.equal(FakeSocket.all.length, 2);
});

test('close codes say whether to come back', async () => {
	const comes = { 1001: true, 1006: true, 1011: true, 4408: true, 4500: true, 4503: true, 4504: true, 4508: true, 4513: true, 4411: true, 4414: true,
		4999: true, 1002: false, 1003: false, 1007: false, 1008: false, 1009: false, 4400: false, 4401: false, 4403: false,
		4409: false, 4410: false, 4412: false, 4413: false, 4429: false };
	for (const [code, back] of Object.entries(comes)) {
		FakeSocket.reset();
		const chat = inRoom();
		const states = [];
		chat.on('state', (change) => states.push(change));
		FakeSocket.last.lose(Number(code), 'why');
		await clock.advance(20001);
		assert.equal(FakeSocket.all.length > 1, back, `code ${code}`);
		assert.equal(states[0].state, back ? 'waiting' : 'closed', `code ${code}`);
		assert.equal(states[0].code, Number(code));
		chat.close();
	}
});

test('after a fatal close connect() tries again, and joins as before', async () => {
	const chat = inRoom();
	FakeSocket.last.lose(4429, 'flood');
	await clock.advance(60000);
	assert.equal(FakeSocket.all.length, 1);
	chat.connect();
	FakeSocket.last.accept();
	assert.equal(FakeSocket.last.of('join').length, 1);
});

test('a full server is met again somewhere in the full range', async () => {
	for (const code of [4513, 4414]) {
		FakeSocket.reset();
		const chat = inRoom();
		clock.drawn = 0.99;
		FakeSocket.last.lose(code, 'try_later');
		await clock.advance(19000);
		assert.equal(FakeSocket.all.length, 1, `code ${code}`);
		await clock.advance(1000);
		assert.equal(FakeSocket.all.length, 2, `code ${code}`);
		chat.close();
	}
});

test('the server\'s ping is answered', () => {
	inRoom();
	FakeSocket.last.say({ ev: 'ping' });
	assert.deepEqual(FakeSocket.last.of('pong'), [{ op: 'pong' }]);
});

test('a clock that is set back stops nothing: a wait begins anew, at most', async (t) => {
	let back = 0;
	t.mock.method(Date, 'now', () => clock.now() - back);
	t.mock.method(globalThis, 'setTimeout', clock.setTimeout);
	t.mock.method(globalThis, 'clearTimeout', clock.clearTimeout);
	const chat = inRoom({ clock: undefined });
	for (let i = 1; i <= 22; i++)
		chat.send('a', i);
	chat.typing('a');
	await clock.advance(50);
	assert.equal(FakeSocket.last.of('send').length, 21);
	back = 3600000;
	await clock.advance(3000);
	chat.typing('a');
	assert.deepEqual(['send', 'typing'].map((op) => FakeSocket.last.of(op).length), [22, 2]);
	FakeSocket.last.refuse('send', { code: 'unavailable', retry_ms: 800 });
	back *= 2;
	await clock.advance(1600);
	assert.equal(FakeSocket.last.of('send').length, 23);
	back *= 2;
	await clock.advance(2 * 33000 + 8000);
	assert.equal(FakeSocket.all[0].closed, true);
	chat.close();
});

test('a silent server is asked after ping + 8 s, and given up 8 s later', async () => {
	inRoom();
	await clock.advance(32999);
	assert.equal(FakeSocket.last.of('ping').length, 0);
	await clock.advance(1);
	assert.equal(FakeSocket.last.of('ping').length, 1);
	await clock.advance(7999);
	assert.equal(FakeSocket.all[0].closed, false);
	await clock.advance(1);
	assert.equal(FakeSocket.all[0].closed, true);
	await clock.advance(2000);
	assert.equal(FakeSocket.all.length, 2);
});

test('any byte is a sign of life', async () => {
	inRoom();
	await clock.advance(33000);
	await clock.advance(5000);
	FakeSocket.last.say({ ev: 'a new thing' });
	await clock.advance(32000);
	assert.equal(FakeSocket.all.length, 1);
	assert.equal(FakeSocket.last.of('ping').length, 1);
	FakeSocket.last.say({ ev: 'notice', code: 'a new thing' });
	await clock.advance(32999);
	assert.equal(FakeSocket.last.of('ping').length, 1);
});

test('a hole is announced, by the server or else here', () => {
	const chat = inRoom();
	const gaps = [];
	chat.on('lagged', ({ after, next, n }) => gaps.push([after, next, n]));
	FakeSocket.last.say(msg(1));
	FakeSocket.last.say({ ev: 'notice', code: 'lagged', room: 'a', after: 1, next: 10, n: 8 });
	FakeSocket.last.say(msg(10));
	FakeSocket.last.say(msg(12));
	assert.deepEqual(gaps, [[1, 10, 8], [10, 12, 1]]);
	assert.deepEqual(heard, ['joined', 'msg 1', 'lagged', 'msg 10', 'lagged', 'msg 12']);
});

test('without echo one\'s own numbers are no hole', () => {
	const chat = client();
	chat.join('a', { echo: false });
	FakeSocket.last.accept();
	FakeSocket.last.enter('a');
	FakeSocket.last.say(msg(5));
	assert.deepEqual(heard, ['joined', 'msg 5']);
	assert.equal(FakeSocket.last.of('join')[0].echo, false);
});

test('a question the connection took along is asked again', async () => {
	const chat = inRoom();
	const page = chat.history('a', { before: 9, limit: 3 });
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { recovered: true });
	const { id, ...asked } = FakeSocket.last.of('history')[0];
	assert.ok(id > 0);
	assert.deepEqual(asked, { op: 'history', room: 'a', before: 9, limit: 3 });
	FakeSocket.last.answer('history', { events: [], first: 1, seq: 0, more: false });
	assert.equal((await page).more, false);
	assert.equal(FakeSocket.all[0].of('history').length, 1);
});

test('a question that is refused for its rate is asked again after retry_ms, for half a minute; an act is not', async () => {
	const chat = inRoom();
	const socket = FakeSocket.last;
	const asked = () => socket.sent.slice(2).map(({ op }) => op).join(' ');
	const page = chat.history('a', { before: 9 });
	const found = chat.search('a', 'eggs');
	socket.refuse('history', { code: 'rate_limited', retry_ms: 800 });
	socket.refuse('search', { code: 'unavailable', retry_ms: 5000 });
	assert.equal(await rejected(found), 'unavailable', 'what is not for its rate is for the caller');
	const people = chat.presence('a');
	const act = chat.mod('a', 'kick', { user: 'bob' });
	socket.refuse('mod', { code: 'rate_limited', retry_ms: 700 });
	assert.equal(await rejected(act), 'rate_limited', 'it was said at once, and is not said again');
	await clock.advance(799);
	assert.equal(asked(), 'history search mod', 'who asks meanwhile waits, too');
	await clock.advance(1);
	assert.equal(asked(), 'history search mod history', 'one at a time');
	socket.answer('history', { events: [], first: 1, seq: 0, more: false });
	assert.equal((await page).more, false);
	assert.equal(asked(), 'history search mod history presence');
	const began = clock.now();
	let code = '';
	people.catch((error) => {
		({ code } = error);
	});
	for (let count = 1; !code && count < 20; count++) {
		assert.equal(socket.of('presence').length, count);
		socket.refuse('presence', { code: 'rate_limited', retry_ms: 100 });
		await clock.advance(20000);
		socket.say({ ev: 'ping' });
	}
	assert.equal(code, 'rate_limited');
	assert.ok(clock.now() - began > 30000);
	const last = chat.presence('a');
	socket.refuse('presence', { code: 'rate_limited', retry_ms: 100 });
	chat.leave('a');
	assert.equal(await rejected(last), 'closed');
	await clock.advance(20000);
	assert.match(asked(), / presence leave$/, 'nobody waits for the answer any more');
});

test('what a listener asks for and does not look at brings no program down', async () => {
	const chat = client();
	const fallen = [];
	const before = process.rawListeners('uncaughtException');
	process.removeAllListeners('uncaughtException');
	process.on('uncaughtException', (error) => fallen.push(error.code));
	try {
		chat.on('joined', () => chat.presence('a'));
		chat.join('a');
		FakeSocket.last.accept();
		FakeSocket.last.enter('a');
		FakeSocket.last.refuse('presence', { code: 'forbidden' });
		await settle();
		await settle();
		assert.deepEqual(fallen, []);
	} finally {
		process.removeAllListeners('uncaughtException');
		for (const listener of before)
			process.on('uncaughtException', listener);
	}
});

test('typing is said once in 3 s, the read mark only upwards and again after a return', async () => {
	const chat = inRoom();
	chat.typing('a');
	await clock.advance(2999);
	chat.typing('a');
	assert.equal(FakeSocket.last.of('typing').length, 1);
	await clock.advance(1);
	chat.typing('a');
	assert.equal(FakeSocket.last.of('typing').length, 2);
	chat.read('a', 5);
	chat.read('a', 4);
	assert.deepEqual(FakeSocket.last.of('read').map((frame) => frame.seq), [5]);
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { recovered: true, read: 3 });
	assert.deepEqual(FakeSocket.last.of('read').map((frame) => frame.seq), [5]);
});

test('of read marks one in a second is told, the latest', async () => {
	const chat = inRoom();
	const told = () => FakeSocket.last.of('read').map(({ room, seq }) => `${room} ${seq}`);
	for (let seq = 1; seq <= 100; seq++) {
		chat.read('a', seq);
		await clock.advance(9);
	}
	assert.deepEqual(told(), ['a 1']);
	await clock.advance(100);
	assert.deepEqual(told(), ['a 1', 'a 100']);
	await clock.advance(3000);
	assert.deepEqual(told(), ['a 1', 'a 100'], 'nothing new');
	for (const seq of [101, 102])
		chat.read('a', seq);
	chat.leave('a');
	assert.deepEqual(told().slice(2), ['a 101', 'a 102'], 'before one leaves');
	assert.ok(FakeSocket.last.sent.findIndex(({ seq }) => seq === 102) < FakeSocket.last.sent.findIndex(({ op }) => op === 'leave'));
});

test('of many rooms the read marks are told by turns, after a return, too, and before the end', async () => {
	const chat = client();
	const names = Array.from({ length: 40 }, (_, i) => `r${i}`);
	for (const name of names)
		chat.join(name);
	FakeSocket.last.accept();
	await clock.advance(1);
	for (const name of names)
		FakeSocket.last.enter(name);
	const told = () => FakeSocket.last.of('read').map(({ room, seq }) => `${room} ${seq}`);
	for (const seq of [1, 2])
		for (const name of names)
			chat.read(name, seq);
	assert.deepEqual(told(), ['r0 1']);
	const inTurns = async (before) => {
		const found = [];
		for (let second = 0; second < 4; second++) {
			await clock.advance(1000);
			found.push(told().length - before - found.reduce((sum, n) => sum + n, 0));
		}
		return found;
	};
	assert.deepEqual(await inTurns(1), [16, 16, 8, 0]);
	assert.deepEqual(told().slice(1).sort(), names.map((name) => `${name} 2`).sort());
	FakeSocket.last.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	await clock.advance(1);
	for (const name of names)
		FakeSocket.last.enter(name, { recovered: true, read: 1 });
	assert.deepEqual(told(), ['r0 2']);
	assert.deepEqual(await inTurns(1), [16, 16, 7, 0]);
	chat.read('r5', 3);
	chat.read('r6', 3);
	chat.close();
	assert.deepEqual(told().slice(-2), ['r5 3', 'r6 3']);
});

test('a read mark is about its epoch', async () => {
	const chat = inRoom();
	const back = async (ok) => {
		FakeSocket.last.lose();
		await clock.advance(5000);
		FakeSocket.last.accept();
		FakeSocket.last.enter('a', ok);
		return FakeSocket.last.of('read').map((frame) => frame.seq);
	};
	chat.read('a', 500);
	assert.deepEqual(await back({ seq: 900, recovered: false, reason: 'gap', read: 3 }), [500]);
	assert.deepEqual(await back({ epoch: 'new', seq: 3, recovered: false, reason: 'epoch' }), []);
	chat.read('a', 3);
	assert.deepEqual(FakeSocket.last.of('read').map((frame) => frame.seq), [3]);
	const next = client();
	next.join('a');
	next.read('a', 7);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { seq: 9 });
	assert.deepEqual(FakeSocket.last.of('read').map((frame) => frame.seq), [7], 'marked before the room was joined');
});

test('a room that is refused is given up; one that may be had later is asked for again', async () => {
	const chat = client();
	const bad = chat.join('b!');
	const sending = chat.send('b!', 1);
	chat.join('a').catch(() => {});
	FakeSocket.last.accept();
	const [first, second] = FakeSocket.last.of('join');
	FakeSocket.last.say({ re: first.id, err: { code: 'bad_room', msg: '' } });
	FakeSocket.last.say({ re: second.id, err: { code: 'unavailable', msg: '', retry_ms: 700 } });
	assert.equal(await rejected(bad), 'bad_room');
	assert.equal(await rejected(sending), 'bad_room');
	assert.deepEqual(heard, ['refused']);
	await clock.advance(700);
	assert.equal(FakeSocket.last.of('join').length, 3);
	FakeSocket.last.enter('a');
	assert.deepEqual(chat.rooms, ['a']);
});

test('a join that is put off is told, and waits longer each time', async () => {
	const chat = client();
	const delays = [];
	chat.on('delayed', ({ room, error, delayMs, at }) => {
		assert.ok(Math.abs(at - Date.now() - delayMs) < 5000);
		delays.push(`${room} ${error.code} ${delayMs}`);
	});
	chat.join('a').catch(() => {});
	FakeSocket.last.accept();
	for (const ms of [5000, 10000, 20000, 40000, 60000, 60000]) {
		const { id } = FakeSocket.last.of('join').pop();
		const before = FakeSocket.last.of('join').length;
		FakeSocket.last.say({ re: id, err: { code: 'limit', msg: '', retry_ms: 5000 } });
		for (let passed = 0; passed < ms; passed += 5000) {
			assert.equal(FakeSocket.last.of('join').length, before);
			await clock.advance(5000);
			FakeSocket.last.say({ ev: 'ping' });
		}
		assert.equal(FakeSocket.last.of('join').length, before + 1);
	}
	assert.deepEqual(delays, [5000, 10000, 20000, 40000, 60000, 60000].map((ms) => `a limit ${ms}`));
	FakeSocket.last.enter('a');
	assert.deepEqual(chat.rooms, ['a']);
	assert.deepEqual(heard, ['joined']);
});

const METERED = new Set(['join', 'send', 'leave', 'history', 'search', 'presence']);

/* Answers as the server's rates do, until done() says so. judge(frame): 0, or retry_ms. Gives the refusals at most, less what
 * passed: over 200 of them the server ends the connection. */
async function metered(judge, done, stepMs = 10) {
	let flood = 0;
	let most = 0;
	for (let ms = 0; ms < 1000000 && !done(); ms += stepMs) {
		await clock.advance(stepMs);
		const socket = FakeSocket.last;
		const come = socket.sent.slice(socket.judged || 0);
		socket.judged = socket.sent.length;
		for (const frame of come) {
			if (frame.op === 'ping')
				socket.say({ re: frame.id, ok: {} });
			if (!METERED.has(frame.op))
				continue;
			const retry = judge(frame);
			flood = Math.max(0, flood + (retry ? 1 : -1));
			most = Math.max(most, flood);
			if (retry)
				socket.say({ re: frame.id, err: { code: 'rate_limited', msg: '', retry_ms: retry } });
			else if (frame.op === 'join')
				socket.enter(frame.room);
			else
				socket.say({ re: frame.id, ok: ack(1, { room: frame.room }) });
		}
		assert.ok(most <= 200, `a flood after ${ms} ms`);
	}
	assert.ok(done(), 'it comes to its end');
	return most;
}

test('many rooms at once: those that come too fast follow one by one, and no flood', async () => {
	const chat = client();
	let joined = 0;
	for (let i = 0; i < 128; i++)
		chat.join(`r${i}`, { limit: 200 }).then(() => joined++);
	FakeSocket.last.accept();
	assert.equal(FakeSocket.last.of('join').length, 128, 'at first all in one flight');
	const commands = new FakeQuota(clock, 100, 200);
	const began = clock.now();
	const most = await metered(() => commands.take(4, 1), () => joined === 128);
	assert.ok(most < 100, `${most} refusals`);
	assert.ok(clock.now() - began < 8000, `${clock.now() - began} ms, of 3120 that the rate takes`);
});

/* A client in 128 rooms. */
function inRooms() {
	const chat = client();
	const names = Array.from({ length: 128 }, (_, i) => `r${i}`);
	for (const name of names)
		chat.join(name);
	const socket = FakeSocket.last;
	socket.accept();
	for (const name of names)
		socket.enter(name);
	socket.judged = socket.sent.length;
	return { chat, names };
}

test('many questions at once: those that come too fast follow one by one, and no flood', async () => {
	const { chat, names } = inRooms();
	let answered = 0;
	for (const name of names)
		for (const question of [chat.history(name, { limit: 200 }), chat.search(name, 'x'), chat.presence(name)])
			question.then(() => answered++);
	const commands = new FakeQuota(clock, 100, 200);
	const costs = { history: 4, search: 5, presence: 1 };
	const began = clock.now();
	const most = await metered(({ op }) => commands.take(costs[op], 1), () => answered === 3 * 128);
	assert.ok(most <= 64, `${most} refusals`);
	assert.ok(clock.now() - began < 20000, `${clock.now() - began} ms, of 10800 that the rate takes`);
});

test('many leaves at once likewise, with one timer for all that wait', async () => {
	const { chat, names } = inRooms();
	const commands = new FakeQuota(clock, 100, 200);
	const timers = clock.timers.size;
	let left = 0;
	let waiting = 0;
	commands.spent = 200;
	for (const name of names)
		chat.leave(name);
	const most = await metered(() => {
		const retry = commands.take(1);
		left += retry === 0;
		waiting = Math.max(waiting, clock.timers.size - timers);
		return retry;
	}, () => left === 128);
	assert.ok(most <= 64, `${most} refusals`);
	assert.ok(waiting <= 1, `${waiting} timers`);
});

test('large messages: more bytes than the server takes are no flood, and all arrive', async () => {
	const chat = inRoom();
	let sent = 0;
	for (let i = 0; i < 600; i++)
		chat.send('a', 'x'.repeat(16000)).then(() => sent++);
	const sends = new FakeQuota(clock, 20, 40);
	const bytes = new FakeQuota(clock, 131072, 524288);
	const began = clock.now();
	const most = await metered(() => sends.take(1) || bytes.take(16002), () => sent === 600);
	assert.ok(most < 100, `${most} refusals`);
	assert.ok(clock.now() - began < 100000, `${clock.now() - began} ms, of 69000 that the rate takes`);
});

test('who is refused for long asks less and less; a room that is refused keeps no other from its turn', async () => {
	const chat = inRoom();
	chat.join('b');
	FakeSocket.last.enter('b');
	chat.send('a', 'x').catch(() => {});
	let until = clock.now() + 600000;
	let asked = 0;
	await metered(() => {
		asked++;
		return clock.now() < until ? 50 : 0;
	}, () => chat.unacked === 0);
	assert.ok(asked > 20 && asked < 60, `${asked} times`);
	until = Infinity;
	chat.send('a', 'hot').catch(() => {});
	for (const retry of [5000, 100]) {
		let calm = false;
		chat.send('b', 'calm').then(() => {
			calm = true;
		});
		const began = clock.now();
		await metered(({ room }) => (room === 'a' ? retry : 0), () => calm);
		assert.ok(clock.now() - began <= 1100, `${clock.now() - began} ms`);
		await clock.advance(5000);
	}
});

test('leave ends a room\'s events, close ends everything', async () => {
	const chat = inRoom();
	const lost = chat.send('a', 1);
	chat.leave('a');
	FakeSocket.last.say(msg(1));
	assert.deepEqual(heard, ['joined']);
	assert.equal(await rejected(lost), 'closed');
	FakeSocket.last.answer('leave', {});
	chat.join('a');
	FakeSocket.last.enter('a');
	const waiting = chat.presence('a');
	chat.close();
	assert.equal(await rejected(waiting), 'closed');
	assert.equal(FakeSocket.last.closeCode, 1000);
	await clock.advance(100000);
	assert.equal(FakeSocket.all.length, 1);
	assert.equal(chat.state, 'closed');
});

test('a leave that is refused for now is said again, and a join waits for it', async () => {
	const chat = inRoom();
	const socket = FakeSocket.last;
	const count = () => [socket.of('leave').length, socket.of('join').length];
	chat.leave('a');
	socket.refuse('leave', { code: 'rate_limited', retry_ms: 700 });
	const joining = chat.join('a');
	await clock.advance(699);
	assert.deepEqual(count(), [1, 1]);
	await clock.advance(1);
	assert.deepEqual(count(), [2, 1]);
	chat.leave('a');
	assert.equal(await rejected(joining), 'closed');
	assert.deepEqual(count(), [2, 1], 'one is enough');
	chat.join('a');
	socket.refuse('leave', { code: 'not_joined' });
	assert.deepEqual(count(), [2, 2]);
	socket.enter('a');
	assert.deepEqual(heard, ['joined', 'joined']);
	chat.leave('a');
	socket.refuse('leave', { code: 'unavailable', retry_ms: 700 });
	socket.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	assert.deepEqual(FakeSocket.last.of('leave'), [], 'the connection was all that was there');
});

test('a room that one is in unawares is left, and joined', async () => {
	const chat = client();
	const joining = chat.join('a');
	FakeSocket.last.accept();
	FakeSocket.last.refuse('join', { code: 'already_joined' });
	assert.equal(FakeSocket.last.of('join').length, 1);
	FakeSocket.last.answer('leave', {});
	FakeSocket.last.enter('a', { seq: 3 });
	assert.equal((await joining).seq, 3);
	assert.deepEqual(heard, ['joined']);
});

test('removed is about the room that was left, not about the one that is being joined', async () => {
	const chat = inRoom();
	chat.leave('a');
	const joining = chat.join('a');
	FakeSocket.last.say({ ev: 'removed', room: 'a', act: 'kick' });
	FakeSocket.last.refuse('leave', { code: 'not_joined' });
	FakeSocket.last.enter('a', { seq: 3 });
	assert.equal((await joining).seq, 3);
	FakeSocket.last.say({ ev: 'removed', room: 'a', act: 'kick' });
	assert.deepEqual(chat.rooms, []);
});

test('a hello that is refused is not said again unchanged', async () => {
	const chat = client();
	FakeSocket.last.open();
	FakeSocket.last.say({ re: FakeSocket.last.of('hello')[0].id, err: { code: 'bad_request', msg: 'name' } });
	await clock.advance(60000);
	assert.equal(FakeSocket.all.length, 1);
	assert.equal(chat.state, 'closed');
});

test('a page that is looked at again, or back online, attempts at once', async () => {
	const listeners = {};
	const hook = (type, run) => {
		listeners[type] = run;
	};
	const before = globalThis.addEventListener;
	globalThis.document = { visibilityState: 'visible', addEventListener: hook, removeEventListener() {} };
	globalThis.addEventListener = hook;
	globalThis.removeEventListener = () => {};
	try {
		inRoom();
		FakeSocket.last.lose();
		listeners.visibilitychange();
		assert.equal(FakeSocket.all.length, 2);
		FakeSocket.last.lose();
		listeners.online();
		assert.equal(FakeSocket.all.length, 3);
		FakeSocket.last.accept();
		await clock.advance(5001);
		listeners.offline();
		assert.equal(FakeSocket.last.of('ping').length, 1);
		await clock.advance(5000);
		assert.equal(FakeSocket.all[2].closed, true);
	} finally {
		delete globalThis.document;
		globalThis.addEventListener = before;
		delete globalThis.removeEventListener;
	}
	await settle();
});

test('frames of an old connection change nothing', async () => {
	const chat = inRoom();
	const old = FakeSocket.last;
	old.lose();
	await clock.advance(5000);
	FakeSocket.last.accept();
	FakeSocket.last.enter('a', { recovered: true });
	heard = [];
	old.say(msg(1));
	old.lose(4401);
	assert.deepEqual(heard, []);
	assert.equal(chat.state, 'connected');
	FakeSocket.last.say(msg(1));
	assert.deepEqual(heard, ['msg 1']);
});
