/* status.test.mjs - the status page in Chromium: its figures by themselves, then against a server that people use. */

import { test, before, after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import WebSocket from 'ws';
import { between, bytes, count, quantile, share, span, time } from 'uproar-assets/figures.js';
import { Uproar } from 'uproar-assets/uproar.js';
import { Server } from './server.mjs';
import { PHONE, SHOTS, WAIT_MS, launch, until } from './stage.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uproar-status-'));
const keys = path.join(folder, 'keys');
const data = path.join(folder, 'data');
const trouble = [];
const people = [];
let server;
let browser;
let talk;

async function opened(options, prepare) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options });
	const page = await context.newPage();
	page.on('pageerror', (error) => trouble.push(error.stack));
	page.on('console', (message) => {
		if (message.type() === 'error' && !/status of 40[13]|ERR_CONNECTION_REFUSED/.test(message.text()))
			trouble.push(message.text());
	});
	page.setDefaultTimeout(WAIT_MS);
	await prepare?.(page);
	await page.goto(`http://127.0.0.1:${server.port}/status`);
	return page;
}

async function unlock(page, key) {
	await page.fill('#key', key);
	await page.press('#key', 'Enter');
}

const rowOf = (page, table, text) => page.evaluate(([id, wanted]) => [...document.querySelectorAll(`#${id} tbody tr`)]
	.map((row) => [...row.cells].map((cell) => cell.textContent)).find((cells) => cells[0] === wanted) ?? null, [table, text]);

before(async () => {
	fs.mkdirSync(SHOTS, { recursive: true });
	fs.mkdirSync(data);
	const line = (scope) => `${scope} ${scope} sha256:${crypto.createHash('sha256').update(`key-${scope}`).digest('hex')}\n`;
	fs.writeFileSync(keys, line('metrics') + line('read'));
	server = new Server(data, ['--cores', '2', '--api-keys', keys, '--send-rate', '0', '--room-traffic', '0']);
	await server.start();
	browser = await launch();
	for (let i = 0; i < 12; i++) {
		const chat = new Uproar({ url: `ws://127.0.0.1:${server.port}/ws`, name: `Person ${i}`, WebSocket });
		await chat.join('main-stage');
		if (i < 3)
			await chat.join('mem:corner');
		people.push(chat);
	}
	talk = setInterval(() => {
		for (let i = 0; i < 4; i++)
			people[i].send('main-stage', { text: `Hello from ${i}` });
		people[0].send('mem:corner', { text: 'psst' });
	}, 100);
});

after(async () => {
	clearInterval(talk);
	await browser?.close();
	for (const chat of people)
		chat.close();
	await server?.stop();
	fs.rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
	assert.deepEqual(trouble.splice(0), [], 'errors in a page');
});

test('times below which so many are', () => {
	assert.equal(quantile([0, 0, 0], 50, 0.5), null);
	assert.equal(quantile([10, 0, 0], 50, 0.5), 25e-6);
	assert.equal(quantile([0, 10, 0], 50, 0.5), 75e-6, 'the second bucket is from 50 to 100');
	assert.equal(quantile([5, 5, 0], 50, 0.5), 50e-6);
	assert.equal(quantile([0, 0, 7], 50, 0.99), 100e-6, 'the last one has no end');
});

test('rates between two answers, and none over a new start', () => {
	const answer = (at, n) => ({ time: at, uptime_ms: at, cores: 1, connections: n,
		counters: Object.fromEntries(['published', 'delivered', 'errors', 'commands', 'bytes_in', 'bytes_out', 'refused', 'fell_off',
			'turns'].map((name) => [name, [n]])),
		histograms: { least_us: 50, deliver: [n, 0], ack: [0, 0], turn: [[n, 0]] },
		process: { cpu_us: n * 1000, resident_bytes: 1, core_cpu_us: [n * 1000] },
		store: { writer: { jobs: n, batches: n / 2, busy: n * 1000, full: 0, unavailable: 0, corrupt: 0, failed: 1 } } });
	const change = between(answer(1000, 10), answer(3000, 30));
	assert.equal(change.messages, 10);
	assert.equal(change.cores[0].turns, 10);
	assert.equal(change.cpu, 0.01);
	assert.deepEqual(change.store.writer, { jobs: 10, batches: 5, perBatch: 2, mean: 0.002, busy: 0.01, bad: 1 });
	assert.equal(change.ack[0], null, 'of nothing there is no time');
	assert.equal(between(null, answer(3000, 30)), null);
	assert.equal(between(answer(3000, 30), answer(3000, 30)), null);
	assert.equal(between({ ...answer(1000, 30), uptime_ms: 9000 }, answer(3000, 3)), null);
});

test('numbers for people', () => {
	assert.deepEqual([0, 7, 999, 1000, 12345, 123456, 1e6, null].map(count), ['0', '7', '999', '1 k', '12.3 k', '123 k', '1 M', '–']);
	assert.deepEqual([0, 1023, 1536, 3 * 2 ** 30].map(bytes), ['0 B', '1023 B', '1.5 KiB', '3 GiB']);
	assert.deepEqual([0.00005, 0.0123, 2.5, null].map(time), ['50 µs', '12.3 ms', '2.5 s', '–']);
	assert.deepEqual([0.034, 0.5, 1].map(share), ['3.4 %', '50 %', '100 %']);
	assert.deepEqual([5000, 61000, 3700000, 90000000].map(span), ['5 s', '1 min', '1 h 1 min', '1 d 1 h']);
});

test('who has no key for it is told so', async () => {
	const page = await opened();
	for (const [key, told] of [['nonsense', 'not known here'], ['key-read', 'not for the status'], ['no key at all', 'no key']]) {
		await unlock(page, key);
		await until(told, () => page.textContent('#problem'), (seen) => seen.includes(told));
		assert.equal(await page.isVisible('#main'), false);
	}
	await page.screenshot({ path: path.join(SHOTS, 'status-locked.png') });
	await page.context().close();
});

test('what goes on is shown, and goes on', async () => {
	const page = await opened();
	await unlock(page, 'key-metrics');
	await page.waitForSelector('body[data-state=live]');
	await until('a busy room', () => rowOf(page, 'rooms', 'main-stage'), (row) => row && row[1] === '12' && row[2] !== '–', 30000);
	await until('the other room', () => rowOf(page, 'rooms', 'mem:corner'), (row) => row !== null, 30000);
	assert.equal(await page.locator('#cores tbody tr').count(), 2);
	assert.equal((await rowOf(page, 'store', 'writer')).length, 7);
	assert.equal(await page.isVisible('#members-none'), true, 'nobody is slow');
	assert.match(await page.textContent('#facts'), /^Uproar \S+, up .*, 2 cores$/);
	await until('messages a second', () => page.locator('.tile', { hasText: 'Messages' }).locator('b').textContent(),
		(seen) => /^[1-9]/.test(seen), 30000);
	await until('a line', () => page.getAttribute('.chart path.s0', 'd'), (d) => d.split('L').length > 2, 30000);
	assert.match(await page.getAttribute('.chart >> nth=0', 'aria-label'), /^Messages and deliveries a second, now: deliveries \S/);

	/* The crosshair names what was then. */
	const box = await page.locator('.chart').first().boundingBox();
	await page.mouse.move(box.x + box.width - 12, box.y + 60);
	assert.equal(await page.locator('.chart').first().locator('.cross').count(), 1);
	await page.mouse.move(box.x, box.y - 40);
	assert.equal(await page.locator('.cross').count(), 0);
	await page.screenshot({ path: path.join(SHOTS, 'status-light.png'), fullPage: true });

	/* The key is this tab's. */
	await page.reload();
	await page.waitForSelector('body[data-state=live]');
	await page.click('#forget');
	assert.equal(await page.isVisible('#unlock'), true);
	await page.reload();
	assert.equal(await page.isVisible('#unlock'), true);
	await page.context().close();
});

test('in the dark and on a phone', async () => {
	const looks = [['dark', { colorScheme: 'dark' }], ['phone', PHONE], ['phone-dark', { ...PHONE, colorScheme: 'dark' }]];
	await Promise.all(looks.map(async ([name, options]) => {
		const page = await opened(options);
		await unlock(page, 'key-metrics');
		await page.waitForSelector('body[data-state=live]');
		const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		assert.ok(over <= 0, `${name}: ${over} px too wide`);
		await page.screenshot({ path: path.join(SHOTS, `status-${name}.png`), fullPage: true });
		await page.context().close();
	}));
});

test('a server that hangs is no live one, and one that goes on is', async () => {
	const page = await opened();
	await unlock(page, 'key-metrics');
	await page.waitForSelector('body[data-state=live]');
	const held = [];
	await page.route('**/api/v1/status', (route) => held.push(route));
	await until('no answer', () => page.textContent('#live'), (seen) => seen.startsWith('no answer'), 30000);
	await page.unroute('**/api/v1/status');
	await until('an answer', () => page.textContent('#live'), (seen) => seen === 'live', 30000);
	assert.ok(held.length > 0);
	await page.context().close();
});

test('a browser that keeps nothing shows it all the same', async () => {
	const page = await opened({}, (fresh) => fresh.addInitScript(() => Object.defineProperty(window, 'sessionStorage', {
		get() {
			throw new DOMException('denied', 'SecurityError');
		},
	})));
	await unlock(page, 'key-metrics');
	await page.waitForSelector('body[data-state=live]');
	await page.click('#forget');
	assert.equal(await page.isVisible('#unlock'), true);
	await page.context().close();
});

test('without a server it says so', async () => {
	const page = await opened();
	await unlock(page, 'key-metrics');
	await page.waitForSelector('body[data-state=live]');
	clearInterval(talk);
	for (const chat of people.splice(0))
		chat.close();
	await server.stop('SIGKILL');
	await until('no answer', () => page.textContent('#live'), (seen) => seen.startsWith('no answer'), 30000);
	assert.equal(await page.isVisible('#main'), true, 'what was known stays');
	await page.context().close();
});
