/* elsewhere.test.mjs - an app of another origin in Chromium: it imports /uproar.js from the server and chats. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import WebSocket from 'ws';
import { Uproar } from 'uproar-assets/uproar.js';
import { Server } from './server.mjs';
import { launch } from './stage.mjs';

test('an app of another origin', async () => {
	const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'uproar-browser-'));
	let server, browser, bob;
	const app = http.createServer((request, response) => {
		response.setHeader('Content-Type', 'text/html');
		response.end(`<!doctype html><title>App</title><script type="module">
			import { Uproar } from 'http://127.0.0.1:${server.port}/uproar.js';
			const chat = new Uproar({ url: 'ws://127.0.0.1:${server.port}/ws', name: 'Ann' });
			await chat.join('general');
			await chat.send('general', { text: 'from elsewhere' });
		</script>`);
	});

	app.listen(0, '127.0.0.1');
	await once(app, 'listening');
	const origin = `http://localhost:${app.address().port}`;
	try {
		server = new Server(dataDir, ['--origins', origin]);
		await server.start();
		bob = new Uproar({ url: `ws://127.0.0.1:${server.port}/ws`, name: 'Bob', WebSocket });
		await bob.join('general');
		const said = new Promise((done) => bob.on('msg', done));
		browser = await launch();
		const page = await browser.newPage();
		const trouble = [];
		page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
		page.on('pageerror', (error) => trouble.push(error.message));
		await page.goto(`${origin}/`);
		const message = await Promise.race([said, new Promise((done) => setTimeout(done, 20000))]);
		assert.deepEqual([trouble, message?.from, message?.data], [[], 'Ann', { text: 'from elsewhere' }]);
	} finally {
		bob?.close();
		await browser?.close();
		await server?.stop();
		app.close();
		fs.rmSync(dataDir, { recursive: true, force: true });
	}
});
