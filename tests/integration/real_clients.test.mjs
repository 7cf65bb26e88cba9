// npm ws, and Node's own WebSocket where this Node has one, against the real server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import ws from "ws";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const build = path.resolve(root, process.env.BUILD ?? "build");

async function start() {
	const server = spawn(path.join(build, "uproar"), ["--listen", "127.0.0.1:0", "--send-rate", "0", "--data", ""]);
	const port = await new Promise((resolve, reject) => {
		let text = "";
		const read = (chunk) => {
			text += chunk;
			const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(text);
			if (found) resolve(found[1]);
		};
		server.stdout.on("data", read);
		server.stderr.on("data", read);
		server.on("exit", () => reject(new Error(`the server ended: ${text}`)));
	});
	return { port, stop: () => new Promise((done) => (server.on("exit", done), server.kill())) };
}

/** Two clients of one kind in a room; what the one sends both get, in order. */
async function chat(WebSocket, port) {
	const open = (name) =>
		new Promise((resolve, reject) => {
			const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, "uproar.v1");
			const waiting = [];
			const got = [];
			socket.onmessage = ({ data }) => {
				const message = JSON.parse(data);
				if (waiting.length) waiting.shift()(message);
				else got.push(message);
			};
			socket.onerror = reject;
			socket.next = () => (got.length ? Promise.resolve(got.shift()) : new Promise((r) => waiting.push(r)));
			socket.onopen = () => {
				assert.equal(socket.protocol, "uproar.v1");
				socket.send(JSON.stringify({ op: "hello", id: 1, name }));
				socket.send(JSON.stringify({ op: "join", id: 2, room: "js" }));
				resolve(socket);
			};
		});
	const ann = await open("Ann");
	assert.equal((await ann.next()).ok.user, "Ann");
	assert.equal((await ann.next()).ok.room, "js");
	const bob = await open("Bob");
	assert.equal((await bob.next()).re, 1);
	const { seq } = (await bob.next()).ok;
	for (let n = 1; n <= 100; n++) ann.send(JSON.stringify({ op: "send", room: "js", data: { n, text: "ünï".repeat(n) } }));
	for (const socket of [ann, bob])
		for (let n = 1; n <= 100; n++) {
			const event = await socket.next();
			if (event.ev === "ping") continue;
			assert.equal(event.seq, seq + n);
			assert.deepEqual(event.data, { n, text: "ünï".repeat(n) });
		}
	const closed = new Promise((resolve) => (bob.onclose = resolve));
	bob.close(1000, "bye");
	assert.equal((await closed).code, 1000);
	ann.close();
}

test("npm ws", async () => {
	const server = await start();
	try {
		await chat(ws, server.port);
	} finally {
		await server.stop();
	}
});

test("Node's own WebSocket", { skip: !globalThis.WebSocket && "this Node has none" }, async () => {
	const server = await start();
	try {
		await chat(globalThis.WebSocket, server.port);
	} finally {
		await server.stop();
	}
});
