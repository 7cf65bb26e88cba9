// npm ws, and Node's own WebSocket where this Node has one, against the real server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import ws from "ws";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const build = path.resolve(root, process.env.BUILD ?? "build");

async function start(...options) {
	const server = spawn(path.join(build, "uproar"), ["--listen", "127.0.0.1:0", "--send-rate", "0", "--data", "", ...options]);
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
async function chat(WebSocket, port, ...options) {
	const open = (name) =>
		new Promise((resolve, reject) => {
			const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, "uproar.v1", ...options);
			socket.on?.("upgrade", ({ headers }) => (socket.agreed = headers["sec-websocket-extensions"] ?? ""));
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
	return ann.agreed;
}

test("npm ws", async () => {
	const server = await start();
	try {
		await chat(ws, server.port);
	} finally {
		await server.stop();
	}
});

test("npm ws, with and without what it can agree on", async () => {
	for (const [budget, perMessageDeflate, wanted] of [
		["0", false, ""],
		["0", true, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
		["10M", true, "permessage-deflate; client_max_window_bits=13"],
		["10M", { clientNoContextTakeover: true }, "permessage-deflate; client_no_context_takeover; client_max_window_bits=13"],
		["10M", { serverNoContextTakeover: true, clientMaxWindowBits: 10 },
			"permessage-deflate; server_no_context_takeover; client_max_window_bits=10"],
		["10M", { serverMaxWindowBits: 9, clientMaxWindowBits: 9, threshold: 0 }, "permessage-deflate; "
			+ "server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9"],
		["0", { serverMaxWindowBits: 12, threshold: 0 }, "permessage-deflate; server_no_context_takeover; "
			+ "client_no_context_takeover; server_max_window_bits=12"],
	]) {
		const server = await start("--compress-takeover", budget);
		try {
			const words = (text) => text.split("; ").filter((word) => word !== "client_max_window_bits=15").sort();
			assert.deepEqual(words(await chat(ws, server.port, { perMessageDeflate })), words(wanted));
		} finally {
			await server.stop();
		}
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
