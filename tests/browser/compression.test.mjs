/* compression.test.mjs - the page in Chromium agrees on permessage-deflate, with takeover and without, and chats. */

import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Server } from './server.mjs';
import { launch, meet, say, showsAll } from './stage.mjs';

let browser;

before(async () => {
	browser = await launch();
});

after(() => browser?.close());

async function metric(port, name) {
	const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
	return [...text.matchAll(new RegExp(`^uproar_${name}(?:_total)?\\{.*\\} (\\d+)$`, 'gm'))].reduce((sum, [, n]) => sum + Number(n), 0);
}

async function chat(options, wanted) {
	const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'uproar-browser-'));
	const server = new Server(dataDir, options);
	const trouble = [];
	const answers = [];
	/* What Chromium itself says of the handshake. */
	const prepare = async (page) => {
		const devtools = await page.context().newCDPSession(page);
		await devtools.send('Network.enable');
		devtools.on('Network.webSocketHandshakeResponseReceived', ({ response }) =>
			answers.push(Object.entries(response.headers).find(([name]) => name.toLowerCase() === 'sec-websocket-extensions')?.[1]));
	};
	await server.start();
	try {
		const ann = await meet(browser, `http://127.0.0.1:${server.port}/#compressed`, 'Ann', trouble, { prepare });
		const bob = await meet(browser, `http://127.0.0.1:${server.port}/#compressed`, 'Bob', trouble, { prepare });
		const said = [];
		for (let n = 1; n <= 5; n++) {
			const text = `${n} ${'wörds again and again '.repeat(20 * n).trim()}`;
			await say(n % 2 ? ann : bob, text);
			said.push(`${n % 2 ? 'Ann' : 'Bob'}: ${text}`);
			await showsAll(ann, said);
			await showsAll(bob, said);
		}
		assert.deepEqual(answers, [wanted, wanted]);
		const on = wanted !== undefined;
		assert.equal(await metric(server.port, 'compressing'), on ? 2 : 0);
		assert.equal(await metric(server.port, 'compressions') > 0, on);
		assert.equal(await metric(server.port, 'inflations') > 0, on);
		assert.equal(await metric(server.port, 'inflate_refused'), 0);
		assert.deepEqual(trouble, []);
		await ann.context().close();
		await bob.context().close();
	} finally {
		await server.stop();
		fs.rmSync(dataDir, { recursive: true, force: true });
	}
}

test('messages that stand alone', () =>
	chat([], 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'));

test('messages that refer to earlier ones', () =>
	chat(['--compress-takeover', '10M'], 'permessage-deflate; client_max_window_bits=13'));

test('no compression', () => chat(['--compress', 'off'], undefined));
