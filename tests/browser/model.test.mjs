/* model.js: a room as the page knows it. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { RoomModel } from 'uproar-assets/model.js';

const said = (seq, from, cid, data) => ({ ev: 'msg', room: 'r', seq, ts: seq, from, cid, data });

test('what is on its way stays when another says something under its cid', () => {
	const model = new RoomModel('r');
	model.low = 1;
	model.pend({ cid: 'p:1', data: 'mine', at: 1 }, 'Ann');
	model.take(said(1, 'Bob', 'p:1', 'taken'));
	assert.deepEqual(model.pending.map(({ data }) => data), ['mine']);
	model.take(said(2, 'Ann', 'p:1', 'mine'));
	assert.deepEqual(model.pending, []);
	model.take(said(3, 'Bob', 'p:2', 'taken'));
	model.pend({ cid: 'p:2', data: 'mine, too', at: 3 }, 'Ann');
	assert.deepEqual(model.pending.map(({ data }) => data), ['mine, too']);
	model.take(said(4, 'Ann', 'p:3', 'arrived'));
	model.pend({ cid: 'p:3', data: 'arrived', at: 4 }, 'Ann');
	assert.equal(model.pending.length, 1, 'what has arrived is not shown as on its way');
});

test('what is from before all that is known waits for its page of history', () => {
	const model = new RoomModel('r');
	model.low = 951;
	model.take(said(951, 'Bob', 'b:1', 'known'));
	model.pend({ cid: 'p:1', data: 'restored', at: 1 }, 'Ann');
	assert.equal(model.take(said(100, 'Ann', 'p:1', 'restored')), 0);
	assert.equal(model.take({ ev: 'mod', seq: 101, act: 'lock', from: 'Mia' }), 0);
	model.take({ ev: 'edit', seq: 102, target: 951, data: 'edited' });
	assert.deepEqual([model.low, model.order, model.pending], [951, [951], []]);
	assert.equal(model.look(951, 'Ann').data, 'edited');
	model.low = 100;
	model.take(said(100, 'Ann', 'p:1', 'restored'));
	assert.deepEqual(model.order, [100, 951]);
});

test('what was asked for in a part of the past is settled also once that part is known in the room', () => {
	const room = new RoomModel('r');
	room.low = 11;
	const part = new RoomModel('r');
	part.low = 1;
	part.take(said(5, 'Ann', 'p:1', 'old'));
	const [edit, second, react] = [{ data: 'new' }, { data: 'newer' }, { on: true }];
	part.note(5).hopes.set('edit', edit).set('react +', react);
	room.absorb(part);
	assert.deepEqual([room.look(5, 'Ann').data, room.look(5, 'Ann').waiting], ['new', true]);
	part.settle(5, 'react +', react);
	assert.deepEqual(room.look(5, 'Ann').reactions, []);
	room.note(5).hopes.set('edit', second);
	part.settle(5, 'edit', edit);
	assert.equal(room.look(5, 'Ann').data, 'newer', 'what was asked for since stands');
	room.settle(5, 'edit', second);
	assert.deepEqual([room.look(5, 'Ann').data, room.look(5, 'Ann').waiting], ['old', false]);
});

test('a log that is forgotten was read nowhere', () => {
	const model = new RoomModel('r');
	model.readSeq = 500;
	model.clear();
	assert.equal(model.readSeq, 0);
});

test('of a room where much is said the oldest is forgotten, and may be loaded again', () => {
	const model = new RoomModel('r');
	model.low = 1;
	const speak = (from, to) => {
		for (let seq = from; seq <= to; seq++)
			model.take(said(seq, 'Bob', undefined, `said ${seq}`));
	};
	speak(1, 2998);
	model.gaps = [{ after: 900, next: 902, n: 1 }, { after: 2900, next: 2902, n: 1 }];
	const early = { ev: 'edit', seq: 1000, target: 2, data: 'edited early' };
	const late = { ev: 'edit', seq: 3100, target: 3, data: 'edited late' };
	model.take(early);
	model.note(5).hopes.set('del', {});
	speak(3000, 3001);
	assert.deepEqual([model.order.length, model.trim()], [3000, false], 'as many as may be known');
	speak(3002, 3099);
	model.take(late);
	assert.equal(model.trim(1), false, 'all are shown');
	assert.equal(model.trim(1000), true);
	assert.deepEqual([model.low, model.order[0]], [1000, 1000], 'what is shown stays');
	speak(3101, 4002);
	assert.equal(model.trim(), true);
	assert.deepEqual([model.order.length, model.messages.size, model.low], [1500, 1500, model.order[0]]);
	assert.deepEqual([...model.notes.keys()].sort(), [3, 5], 'what no page of history brings again');
	assert.deepEqual(model.gaps.map(({ next }) => next), [2902]);
	assert.equal(model.take(said(2, 'Bob', undefined, 'said 2')), 0);
	model.low = 1;
	speak(1, 10);
	model.take(early);
	assert.deepEqual([2, 3].map((seq) => model.look(seq, 'Ann').data), ['edited early', 'edited late']);
});
