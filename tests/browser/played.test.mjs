/* played.test.mjs - the page against a server whose answers the test holds, changes or gives itself: messages on their way,
 * and search. */

import { test, before, after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import WebSocket from 'ws';
import { Uproar } from 'uproar-assets/uproar.js';
import { PHONE, SHOTS, connected, late, launch, meet, say, shown, showsAll, until } from './stage.mjs';
import { Server } from './server.mjs';

const server = new Server('', ['--send-rate', '100000', '--send-burst', '100000']);
const trouble = [];
let browser;
let rooms = 0;

const played = (answer) => answer.err ? answer : { ok: answer };

/* Between a page and the server. holds: ops whose answers wait; refuse: op -> error; play: op -> ok's members, or {err}. */
class Wire {
	constructor() {
		this.holds = new Set();
		this.refuse = {};
		this.play = {};
		this.held = [];
		this.ops = new Map();
		this.asked = [];
		this.joined = [];	/* answers to join */
	}

	async put(page) {
		await page.routeWebSocket(/\/ws$/, (near) => {
			const far = near.connectToServer();
			this.near = near;
			near.onMessage((text) => this.#out(JSON.parse(text), near, far));
			far.onMessage(late((text) => this.#in(JSON.parse(text), text, near)));
		});
	}

	#out(frame, near, far) {
		this.asked.push(frame);
		this.ops.set(frame.id, frame.op);
		if (this.refuse[frame.op])
			near.send(JSON.stringify({ re: frame.id, err: this.refuse[frame.op] }));
		else if (this.play[frame.op])
			near.send(JSON.stringify({ re: frame.id, ...played(this.play[frame.op](frame)) }));
		else
			far.send(JSON.stringify(frame));
	}

	#in(frame, text, near) {
		const kind = frame.re === undefined ? frame.ev : this.ops.get(frame.re);
		if (kind === 'join' && frame.ok)
			this.joined.push(frame.ok);
		if (this.holds.has(frame.re === undefined ? `ev ${kind}` : kind))
			this.held.push(text);
		else
			near.send(text);
	}

	release() {
		this.holds.clear();
		for (const text of this.held.splice(0))
			this.near.send(text);
	}
}

/* A person alone in a room of their own, and let in: the page is connected before it is. */
async function alone(options = {}) {
	const wire = new Wire();
	const room = `played-${++rooms}`;
	const page = await meet(browser, `http://127.0.0.1:${server.port}/#${room}`, 'Ann', trouble,
		{ ...options, prepare: (fresh) => wire.put(fresh) });
	await until('the room', () => wire.joined.length, (joined) => joined > 0);
	return { page, wire, room };
}

const states = (page) => page.locator('.tail .sending').allTextContents();

before(async () => {
	fs.mkdirSync(SHOTS, { recursive: true });
	await server.start();
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await server.stop();
});

afterEach(() => {
	assert.deepEqual(trouble.splice(0), [], 'errors in a page');
});

test('a message is marked as on its way until its acknowledgement, and is there once', async () => {
	const { page, wire } = await alone();
	for (const first of ['ack', 'event']) {
		const before = await shown(page);
		wire.holds.add('send').add('ev msg');
		await say(page, `first the ${first}`);
		await showsAll(page, [...before, `(on its way) Ann: first the ${first}`]);
		assert.deepEqual(await states(page), ['Sending']);
		assert.match(await page.locator('.tail .entry').getAttribute('aria-label'), /on its way/);
		assert.ok(await page.locator('.tail .text').evaluate((text) => Number(getComputedStyle(text).opacity)) < 0.8);
		await until('both to be held', () => wire.held.length, (held) => held === 2);
		wire.held.sort((a) => (JSON.parse(a).re === undefined) === (first === 'event') ? -1 : 1);
		wire.near.send(wire.held.shift());
		await showsAll(page, [...before, `Ann: first the ${first}`]);
		wire.release();
		await page.waitForTimeout(100);
		assert.deepEqual(await shown(page), [...before, `Ann: first the ${first}`]);
		assert.deepEqual(await states(page), []);
	}
	await page.context().close();
});

test('what is put off says why, and goes by itself', async () => {
	const { page, wire } = await alone();
	wire.refuse.send = { code: 'storage_full', msg: '', retry_ms: 1500 };
	await say(page, 'patience');
	await until('the reason', () => states(page), (seen) => seen.join() === 'Waiting: the server has no room on its disk');
	delete wire.refuse.send;
	await showsAll(page, ['Ann: patience']);
	const sends = wire.asked.filter(({ op }) => op === 'send');
	assert.equal(sends.length, 2);
	assert.equal(sends[0].cid, sends[1].cid);
	await page.context().close();
});

test('what is refused can be tried again or thrown away', async () => {
	const { page, wire } = await alone({ colorScheme: 'dark', ...PHONE });
	wire.refuse.send = { code: 'forbidden', msg: '' };
	await say(page, 'no 1');
	await say(page, 'no 2');
	await until('both to have failed', () => page.locator('.failed').count(), (count) => count === 2);
	await page.screenshot({ path: path.join(SHOTS, 'phone-failed.png') });
	await page.locator('.tail .entry', { hasText: 'no 1' }).locator('button', { hasText: 'Discard' }).click();
	delete wire.refuse.send;
	await page.locator('.tail .entry', { hasText: 'no 2' }).locator('button', { hasText: 'Try again' }).click();
	await showsAll(page, ['Ann: no 2']);
	assert.equal(new Set(wire.asked.filter(({ op }) => op === 'send').map(({ cid }) => cid)).size, 3);
	await page.context().close();
});

test('a reload loses nothing that was not sent, also when it had arrived after all', async () => {
	const { page, wire } = await alone();
	wire.holds.add('send').add('ev msg');
	await say(page, 'arrived, but who knows');
	await until('the server to have it', () => wire.held.length, (held) => held === 2);
	wire.holds.clear();
	wire.held = [];
	wire.play.send = undefined;
	wire.refuse.send = { code: 'unavailable', msg: '', retry_ms: 60000 };
	await say(page, 'not sent');
	await until('the second to wait', () => states(page), (seen) => seen[1]?.startsWith('Waiting'));
	delete wire.refuse.send;
	await page.reload();
	await connected(page);
	await showsAll(page, ['Ann: arrived, but who knows', 'Ann: not sent']);
	await until('nothing to be kept', () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('uproar.sends'))),
		(keys) => keys.length === 0);
	const cids = (text) => wire.asked.filter(({ op, data }) => op === 'send' && data.text === text).map(({ cid }) => cid);
	for (const text of ['arrived, but who knows', 'not sent'])
		assert.equal(new Set(cids(text)).size, 1, `${text}: ${cids(text)}`);
	await page.context().close();
});

/* Says so many things as Bob, and gives them as the room has them. */
async function fill(room, count) {
	const chat = new Uproar({ url: `ws://127.0.0.1:${server.port}/ws`, name: 'Bob', WebSocket });
	const said = [];
	chat.on('msg', (event) => said.push(event));
	await chat.join(room, { limit: 0 });
	for (let i = 0; i < count; i++)
		chat.send(room, { text: i % 7 === 3 ? `Grüne Äpfel und <b>Birnen</b> ${i}` : `line ${i}` });
	await until('all of it', () => said.length, (length) => length === count, 30000);
	chat.close();
	return said;
}

test('what an earlier visit said far back leaves no hole in front of what is shown', async () => {
	const { page, wire, room } = await alone();
	wire.holds.add('send').add('ev msg');
	await say(page, 'long ago');
	await until('the server to have it', () => wire.held.length, (held) => held === 2);
	await fill(room, 150);
	wire.held = [];
	wire.holds.clear();
	await page.reload();
	await connected(page);
	await until('the acknowledgement', () => states(page), (seen) => seen.length === 0);
	await until('the end', () => seqs(page), (seen) => seen.at(-1) === 151);
	await until('the beginning', async () => {
		await page.evaluate(() => {
			document.getElementById('log').scrollTop = 0;
		});
		return seqs(page);
	}, (seen) => seen[0] === 1);
	assert.deepEqual(await seqs(page), Array.from({ length: 151 }, (_, i) => i + 1));
	await page.context().close();
});

test('of a large room the number is shown, and who is there once it is small again', async () => {
	const { page, wire, room } = await alone();
	const here = () => page.locator('#people-list bdi, #people-list .others').allTextContents();
	await until('oneself', here, (seen) => seen.join() === 'Ann');
	wire.near.send(JSON.stringify({ ev: 'count', room, n: 250 }));
	await until('the number', () => page.textContent('#people-count'), (text) => text === '250');
	assert.deepEqual(await here(), ['Ann', 'and others']);
	for (const ev of ['in', 'out', 'in'])
		wire.near.send(JSON.stringify({ ev, room, user: 'Zoe', n: 200 }));
	await until('the answer of the server', here, (seen) => seen.join() === 'Ann');
	assert.equal(await page.textContent('#people-count'), '1');
	assert.equal(wire.asked.filter(({ op }) => op === 'presence').length, 1);
	await page.context().close();
});

const top = (page) => page.textContent('#top');
const asksHistory = (wire) => wire.asked.filter(({ op }) => op === 'history').length;

/* A room of 500 entries whose join gave none of them. */
async function closed(rights) {
	const wire = new Wire();
	const join = ({ room }) => ({ room, epoch: 'q', seq: 500, first: 1, n: 1, class: 'memory', more: false, rights, users: [], events: [] });
	wire.play.join = join;
	wire.refuse.history = { code: 'forbidden', msg: '' };
	const page = await meet(browser, `http://127.0.0.1:${server.port}/#played-${++rooms}`, 'Ann', trouble,
		{ prepare: (fresh) => wire.put(fresh) });
	await until('the end of what may be read', () => top(page), (text) => /You may not read/.test(text));
	return { page, wire };
}

test('a room that cannot be joined now says so, until it can', async () => {
	const wire = new Wire();
	wire.refuse.join = { code: 'limit', msg: '', retry_ms: 500 };
	const page = await meet(browser, `http://127.0.0.1:${server.port}/#played-${++rooms}`, 'Ann', trouble,
		{ prepare: (fresh) => wire.put(fresh) });
	await until('why', () => page.textContent('#standing-text'), (text) => /^This room cannot be joined now: a limit is reached\./.test(text));
	delete wire.refuse.join;
	await until('nothing more of it', () => page.isVisible('#standing'), (visible) => !visible);
	await say(page, 'in at last');
	await showsAll(page, ['Ann: in at last']);
	await page.context().close();
});

test('who may not read history does not wait for it', async () => {
	const { page, wire } = await closed(['read', 'send', 'presence']);
	assert.equal(asksHistory(wire), 0);
	await page.context().close();
});

test('history that is forbidden is asked for once', async () => {
	const { page, wire } = await closed(['read', 'send', 'history', 'presence']);
	assert.equal(asksHistory(wire), 1);
	await page.context().close();
});

test('who was removed does not wait for history, and gets it once back', async () => {
	const { page, wire, room } = await alone();
	await fill(room, 120);
	wire.holds.add('history');
	await page.reload();
	await until('the end', () => seqs(page), (seen) => seen.at(-1) === 120);
	await page.evaluate(() => {
		document.getElementById('log').scrollTop = 0;
	});
	assert.equal(await page.locator('#top .spinner').count(), 1);
	wire.near.send(JSON.stringify({ ev: 'removed', room, act: 'kick', user: 'Ann' }));
	await until('no more of it', () => top(page), (text) => /You may not read/.test(text));
	wire.release();
	await page.reload();
	await until('the end', () => seqs(page), (seen) => seen.at(-1) === 120);
	await until('the beginning', async () => {
		await page.evaluate(() => {
			document.getElementById('log').scrollTop = 0;
		});
		return top(page);
	}, (text) => /the room begins/.test(text));
	await page.context().close();
});

test('who reads further up stays there while what was left out is fetched', async () => {
	const { page, wire, room } = await alone();
	await fill(room, 120);
	await until('the end', () => seqs(page), (seen) => seen.at(-1) === 120);
	await page.evaluate(() => {
		document.getElementById('log').scrollTop -= 900;
	});
	await page.waitForSelector('#to-bottom:not([hidden])');
	const place = () => page.evaluate(() => document.querySelector('[data-seq="95"]').getBoundingClientRect().top);
	const was = await place();
	const reads = wire.asked.filter(({ op }) => op === 'read').length;
	const event = (seq, more) => ({ ev: 'msg', room, seq, ts: Date.now(), from: 'Bob', data: { text: `late ${seq}` }, ...more });
	const [{ epoch }] = wire.joined;
	let give;
	wire.play.history = () => ({ room, epoch, first: 1, seq: 124, more: false, events: give });
	/* Of the second gap no message is missed: the line that told of it goes all the same. */
	for (const [after, missed] of [[120, [event(121), event(122)]], [123, [event(124, { ev: 'del', target: 3 })]]]) {
		give = missed;
		const next = after + missed.length + 1;
		wire.near.send(JSON.stringify(event(next)));
		await until('all of it', () => seqs(page), (seen) => [next, ...missed.filter(({ ev }) => ev === 'msg').map(({ seq }) => seq)]
			.every((seq) => seen.includes(seq)));
		await until('no line about it', () => page.locator('.rule.gap').count(), (count) => count === 0);
	}
	assert.deepEqual((await seqs(page)).slice(-5), [120, 121, 122, 123, 125]);
	assert.equal(await page.textContent('#to-bottom-text'), '4 new messages');
	assert.equal(await place(), was);
	assert.equal(wire.asked.filter(({ op }) => op === 'read').length, reads);
	await page.context().close();
});

test('of what was left out that is shown which is still kept, and how much is not', async () => {
	const { page, wire, room } = await alone();
	const event = (seq) => ({ ev: 'msg', room, seq, ts: Date.now(), from: 'Bob', data: { text: `line ${seq}` } });
	const [{ epoch }] = wire.joined;
	const first = 400;
	wire.play.history = ({ after, before = after + 201, limit }) => {
		if (after < first - 1)
			return { err: { code: 'gone', msg: '' } };
		const from = Math.max(first, before - limit);
		const events = Array.from({ length: Math.max(0, before - from) }, (_, i) => event(from + i));
		return { room, epoch, first, seq: 1000, more: from > first, events };
	};
	wire.near.send(JSON.stringify(event(1)));
	await showsAll(page, ['Bob: line 1']);
	wire.near.send(JSON.stringify({ ev: 'notice', code: 'lagged', room, after: 1, next: 1000, n: 998 }));
	wire.near.send(JSON.stringify(event(1000)));
	await until('all that is kept', () => seqs(page), (seen) => seen.length === 602);
	assert.deepEqual(await seqs(page), [1, ...Array.from({ length: 601 }, (_, i) => first + i)]);
	await until('how much is not', () => page.locator('.rule.gap').allTextContents(),
		(seen) => seen.join() === '398 entries could not be delivered');
	assert.equal(await page.locator('.entry:has(.rule.gap)').getAttribute('data-seq'), String(first));
	await page.context().close();
});

test('who scrolls up just before older messages come stays there', async () => {
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	await page.goto(`http://127.0.0.1:${server.port}/`);
	const moved = await page.evaluate(async () => {
		const { RoomModel } = await import('/model.js');
		const { Timeline } = await import('/timeline.js');
		const model = new RoomModel('scrolled');
		let give;
		const asked = new Promise((called) => {
			const older = () => new Promise((resolve) => {
				give = resolve;
				called();
			});
			const timeline = new Timeline({ me: () => 'Ann', reads: () => true, older, bottom() {}, act() {}, over: () => false });
			const event = (seq) => ({ ev: 'msg', room: 'scrolled', seq, ts: Date.now(), from: 'Bob', data: { text: `line ${seq}` } });
			const take = (from, to) => {
				for (let seq = from; seq <= to; seq++)
					model.take(event(seq));
			};
			model.live = true;
			model.low = 101;
			take(101, 140);
			timeline.show(model);
			window.more = () => {
				model.low = 1;
				take(1, 100);
				give();
			};
		});
		await asked;
		const log = document.getElementById('log');
		const line = document.querySelector('[data-seq="120"]');
		log.scrollTop -= 200;
		const was = line.getBoundingClientRect().top;
		window.more();
		await Promise.resolve();
		while (document.querySelectorAll('#entries .entry').length === 40)
			await Promise.resolve();
		return line.getBoundingClientRect().top - was;
	});
	assert.ok(Math.abs(moved) < 3, `what was read moved by ${moved} px`);
	await page.close();
});

test('a room is opened by a click in which messages come, and a key to it keeps its focus', async () => {
	const { page, wire, room } = await alone();
	const event = (name, seq) => ({ ev: 'msg', room: name, seq, ts: Date.now(), from: 'Bob', data: { text: `line ${seq}` } });
	await page.evaluate(() => {
		location.hash = '#elsewhere';
	});
	await until('both rooms', () => wire.joined.length, (joined) => joined === 2);
	const button = page.locator('#rooms .room', { hasText: room });
	const box = await button.boundingBox();
	await page.mouse.move(box.x + 60, box.y + box.height / 2);
	await page.mouse.down();
	for (const seq of [1, 2])
		for (const name of [room, 'elsewhere'])
			wire.near.send(JSON.stringify(event(name, seq)));
	await until('two unread', () => button.locator('.badge').allTextContents(), (seen) => seen.join() === '2 unread');
	await page.mouse.up();
	await until('the room', () => page.textContent('#title'), (title) => title === room);
	assert.equal(await button.locator('.badge').count(), 0);
	const other = page.locator('#rooms .room', { hasText: 'elsewhere' });
	assert.deepEqual([await button.getAttribute('aria-current'), await other.getAttribute('aria-current')], ['page', null]);
	await page.locator('[aria-label="Leave elsewhere"]').focus();
	wire.near.send(JSON.stringify(event('elsewhere', 3)));
	await until('one unread', () => other.locator('.badge').allTextContents(), (seen) => seen.join() === '1 unread');
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Leave elsewhere');
	await page.keyboard.press('Enter');
	await until('one room', () => page.locator('#rooms .room').count(), (count) => count === 1);
	await page.context().close();
});

test('a page that is open for long forgets what is far back, and loads it again', async () => {
	const { page, wire, room } = await alone();
	const event = (seq) => ({ ev: 'msg', room, seq, ts: seq, from: 'Bob', data: `line ${seq}` });
	const [{ epoch }] = wire.joined;
	wire.play.history = ({ before, limit }) => ({ room, epoch, first: 1, seq: 3100, more: before > limit + 1,
		events: Array.from({ length: limit }, (_, i) => event(before - limit + i)) });
	await page.evaluate(() => {
		location.hash = '#elsewhere';
	});
	await until('another room', () => page.textContent('#title'), (title) => title === 'elsewhere');
	for (let seq = 1; seq <= 3100; seq++)
		wire.near.send(JSON.stringify(event(seq)));
	await until('all of it', () => page.title(), (title) => title.startsWith('(3100)'), 60000);
	await page.locator('#rooms .room', { hasText: room }).click();
	await until('what came before those that are kept', () => asksHistory(wire), (asked) => asked > 0);
	assert.equal(wire.asked.find(({ op }) => op === 'history').before, 1502);
	const seen = await until('it to be shown', () => seqs(page), ([first]) => first < 1502);
	assert.deepEqual(seen, Array.from({ length: 3101 - seen[0] }, (_, i) => seen[0] + i), 'none is missing');
	await page.context().close();
});

/* The server's part, played: what has all the words, the newest ones. */
function finder(said, room) {
	const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
	return ({ query, limit, before = Infinity }) => {
		const words = plain(query).replace('*', '').split(/\s+/);
		const found = said.filter(({ seq, data }) => seq < before && words.every((word) => plain(data.text).includes(word)));
		return { room, epoch: said[0].epoch, events: found.slice(-limit), more: found.length > limit };
	};
}

const seqs = (page) => page.evaluate(() => [...document.querySelectorAll('#entries .entry')].map((entry) => Number(entry.dataset.seq)));
const found = (page) => page.locator('.found').evaluateAll((list) => list.map((result) => Number(result.dataset.seq)));

test('search: words are marked, a result leads to its place, and the way back has no holes', async () => {
	const { page, wire, room } = await alone();
	const said = await fill(room, 300);
	wire.play.search = finder(said, room);
	await page.reload();
	await until('the room to be here', () => seqs(page), (seen) => seen.at(-1) === 300);
	await page.focus('#log');
	await page.keyboard.press('/');
	await page.keyboard.type('apfel GRÜNE');
	await until('twenty results', () => found(page), (seen) => seen.length === 20);
	assert.equal((await found(page))[0], 298, 'the newest first');
	const first = page.locator('.found').first();
	assert.equal(await first.locator('.found-text').textContent(), 'Grüne Äpfel und <b>Birnen</b> 297', 'text is text');
	assert.deepEqual(await first.locator('mark').allTextContents(), ['Grüne', 'Äpfel']);
	assert.match(await first.locator('time').textContent(), /^Today, \d/);
	assert.match(await page.textContent('#search-state'), /newest 20/);
	await page.screenshot({ path: path.join(SHOTS, 'search.png') });
	for (const count of [40, 43]) {
		await page.click('#search-older');
		await until(`${count} results`, () => found(page), (seen) => seen.length === count);
	}
	assert.equal(await page.isVisible('#search-older'), false);
	assert.equal(new Set(await found(page)).size, 43);
	assert.equal((await found(page)).at(-1), 4);

	await page.locator('.found').last().click();
	await until('the place', () => page.locator('.pointed').getAttribute('data-seq').catch(() => ''), (seq) => seq === '4');
	const box = await page.locator('.pointed').boundingBox();
	assert.ok(box.y > 50 && box.y < 700, `it is at ${box.y}`);
	await page.screenshot({ path: path.join(SHOTS, 'search-jump.png') });
	const around = await seqs(page);
	assert.ok(around[0] === 1 && around.at(-1) >= 20 && around.at(-1) < 200, `${around[0]}..${around.at(-1)}`);
	assert.equal(await page.isVisible('#to-bottom'), true);

	/* What is said meanwhile is not put behind the past. */
	const fresh = await fill(room, 1);
	await page.waitForTimeout(200);
	assert.ok(!(await seqs(page)).includes(301));
	assert.equal(fresh.length, 1);
	await until('the end', async () => {
		await page.evaluate(() => {
			document.getElementById('log').scrollTop += 1500;
		});
		return seqs(page);
	}, (seen) => seen.at(-1) === 301, 20000);
	const all = await seqs(page);
	assert.deepEqual(all, Array.from({ length: all.length }, (_, i) => all[0] + i), 'a hole, or something twice');

	await page.locator('.found').last().click();
	await until('the place again', () => page.locator('.pointed').getAttribute('data-seq').catch(() => ''), (seq) => seq === '4');
	await page.click('#to-bottom');
	await until('the end again', () => page.evaluate(() => {
		const log = document.getElementById('log');
		return log.scrollHeight - log.clientHeight - log.scrollTop;
	}), (left) => left < 60);
	await page.context().close();
});

test('search from the past: a far place, an edit that is on no page near, what one says there', async () => {
	const { page, wire, room } = await alone();
	const said = await fill(room, 260);
	const edited = { ...said[3], data: { text: 'Grüne Äpfel, frisch gepflückt' }, rev: 2 };
	wire.play.search = finder(said.map((event) => event.seq === 4 ? edited : event), room);
	await page.reload();
	await connected(page);
	await page.keyboard.press('Control+k');
	await page.keyboard.type('frisch');
	await until('one result', () => found(page), (seen) => seen.join() === '4');
	assert.equal(await page.textContent('#search-state'), '1 message');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await until('the text of its last edit', () => page.locator('.pointed .text').textContent().catch(() => ''),
		(text) => text === 'Grüne Äpfel, frisch gepflückt (edited)');
	await until('its surroundings', () => seqs(page), (seen) => seen[0] === 1 && seen.at(-1) < 200);
	await say(page, 'from the past');
	await until('the end', () => shown(page), (seen) => seen.at(-1) === 'Ann: from the past');
	assert.ok((await seqs(page))[0] > 100);
	await page.keyboard.press('Escape');
	assert.equal(await page.isVisible('#search'), false);
	assert.equal(await page.evaluate(() => document.activeElement.id), 'input');
	await page.fill('#input', '');
	await page.focus('#input');
	await page.keyboard.type('/');
	assert.equal(await page.isVisible('#search'), false, 'a slash in a message is a slash');
	await page.context().close();
});

test('an edit that was begun in the past goes out from the end, too', async () => {
	const { page, wire, room } = await alone();
	await say(page, 'mine');
	await showsAll(page, ['Ann: mine']);
	const said = await fill(room, 200);
	wire.play.search = finder([{ ...said[0], seq: 1, from: 'Ann', data: { text: 'mine' } }], room);
	await page.reload();
	await until('the room to be here', () => seqs(page), (seen) => seen.at(-1) === 201);
	await page.keyboard.press('Control+k');
	await page.keyboard.type('mine');
	await until('one result', () => found(page), (seen) => seen.join() === '1');
	await page.locator('.found').click();
	await until('the place', () => page.locator('.pointed').getAttribute('data-seq').catch(() => ''), (seq) => seq === '1');
	await page.locator('.pointed').hover();
	await page.click('#tools [data-do=edit]');
	await page.fill('#input', 'mine, changed');
	await page.click('#to-bottom');
	await until('the end', () => seqs(page), (seen) => seen.at(-1) === 201);
	await page.press('#input', 'Enter');
	await until('the edit to be asked for', () => wire.asked.find(({ op }) => op === 'edit'), (edit) => edit !== undefined);
	const { target, data } = wire.asked.find(({ op }) => op === 'edit');
	assert.deepEqual([target, data.text], [1, 'mine, changed']);
	assert.equal(await page.isVisible('#editing'), false);
	await page.context().close();
});

test('search on a phone: the panel fills it, and goes when something is chosen', async () => {
	const { page, wire, room } = await alone({ ...PHONE, colorScheme: 'dark' });
	wire.play.search = finder(await fill(room, 30), room);
	await page.click('#search-toggle');
	await page.fill('#search-input', 'birnen');
	await until('results', () => found(page), (seen) => seen.length === 4);
	const box = await page.locator('#search').boundingBox();
	assert.deepEqual([box.x, box.width], [0, 390]);
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, 'nothing sticks out');
	await page.screenshot({ path: path.join(SHOTS, 'phone-search.png') });
	await page.locator('.found').last().click();
	await until('the place', () => page.locator('.pointed').getAttribute('data-seq').catch(() => ''), (seq) => seq === '4');
	assert.equal(await page.isVisible('#search'), false);
	await page.context().close();
});

test('search says what went wrong, and forgets it with the next word', async () => {
	const { page, wire, room } = await alone();
	const said = await fill(room, 4);
	await page.click('#search-toggle');
	wire.refuse.search = { code: 'unsupported', msg: '' };
	await page.fill('#search-input', 'line');
	await until('the reason', () => page.textContent('#search-state'), (text) => /not kept on disk/.test(text));
	delete wire.refuse.search;
	wire.play.search = finder(said, room);
	await page.fill('#search-input', 'nowhere');
	await until('nothing', () => page.textContent('#search-state'), (text) => text === 'Nothing was found.');
	await page.fill('#search-input', 'line');
	await until('three', () => found(page), (seen) => seen.join() === '3,2,1');
	await page.fill('#search-input', ' ... ');
	await until('nothing asked', () => found(page), (seen) => seen.length === 0);
	assert.ok(!wire.asked.some(({ op, query }) => op === 'search' && !/\w/.test(query)));
	await page.context().close();
});
