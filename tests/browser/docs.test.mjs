/* docs.test.mjs - the examples of docs/protocol/uproar-js.md, run one after the other against a server. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import * as client from 'uproar-assets/uproar.js';
import { until } from './stage.mjs';
import { Server } from './server.mjs';
import { Signer } from './tokens.mjs';

const page = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../docs/protocol/uproar-js.md');
const AsyncFunction = (async () => {}).constructor;

/* What its ```js blocks say, without their imports, at an address that is there. */
function examples(url) {
	return [...fs.readFileSync(page, 'utf8').matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code
		.replace(/^import .*$/gm, '').replace(/'wss?:\/\/[^']*'/g, `'${url}'`));
}

test('every example of uproar-js.md runs', async () => {
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'uproar-docs-'));
	const signer = new Signer(directory);
	const server = new Server('', [...signer.options, '--guests', 'named', '--rights', '*: all']);
	const clients = [];
	const said = [];
	class Uproar extends client.Uproar {
		constructor(options) {
			super({ WebSocket, ...options });
			clients.push(this);
		}
	}
	const names = { Uproar, WebSocket, drop: () => {}, show: (...what) => said.push(what), console: { log: () => {} },
		fetch: async () => ({ text: async () => signer.token('ann') }) };
	try {
		await server.start();
		const blocks = examples(`ws://127.0.0.1:${server.port}/ws`);
		assert.ok(blocks.length >= 4, `${blocks.length} examples`);
		for (const code of blocks) {
			const before = clients.length;
			const own = /const chat =/.test(code) ? {} : { chat: clients[0] };
			const scope = { ...names, ...own };
			await Promise.race([new AsyncFunction(...Object.keys(scope), code)(...Object.values(scope)),
				new Promise((_, failed) => setTimeout(() => failed(new Error(`not done in 20 s:\n${code}`)), 20000).unref())]);
			for (const chat of clients.slice(before))
				await until('it to be connected', () => chat.state, (state) => state === 'connected');
		}
		assert.deepEqual(said.map(([room, seq, from]) => `${room} ${seq} ${from}`), ['general 1 ~Ann']);
		assert.deepEqual(clients.map(({ user }) => user), ['~Ann', '~bot', 'ann']);
	} finally {
		for (const chat of clients)
			chat.close();
		await server.stop();
		fs.rmSync(directory, { recursive: true, force: true });
	}
});
