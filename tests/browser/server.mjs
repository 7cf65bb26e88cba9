/* server.mjs - the server under test as a child process, and a wire between it and a page that can be cut. */

import { spawn } from 'node:child_process';
import net from 'node:net';
import { once } from 'node:events';

const START_MS = 10000;
const STOP_MS = 30000;

/** uproar, or what UPROAR_CMD names, on a port of its own that it keeps over restarts. */
export class Server {
	constructor(dataDir, options = []) {
		this.dataDir = dataDir;
		this.options = options;
		// Below the ports that the kernel lends to clients, so that none takes it while the server restarts.
		this.port = 20000 + Math.floor(Math.random() * 12000);
		this.output = '';
		this.child = null;
	}

	async start() {
		const command = (process.env.UPROAR_CMD || `${process.env.BUILD || 'build'}/uproar`).split(' ');
		const args = [...command.slice(1), '--listen', `127.0.0.1:${this.port}`, '--data', this.dataDir, ...this.options];
		this.output = '';
		this.child = spawn(command[0], args, { stdio: ['ignore', 'pipe', 'pipe'] });
		const seen = new Promise((done, failed) => {
			const read = (chunk) => {
				this.output += chunk;
				const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(this.output);
				if (found)
					done(Number(found[1]));
			};
			this.child.stdout.on('data', read);
			this.child.stderr.on('data', read);
			this.child.on('error', failed);
			this.child.on('exit', (code, signal) => failed(new Error(`the server ended: ${code ?? signal}`)));
			setTimeout(() => failed(new Error(`no http://127.0.0.1:PORT/ within ${START_MS} ms`)), START_MS).unref();
		});
		try {
			this.port = await seen;
		} catch (error) {
			throw new Error(`${error.message}\n${command.join(' ')} printed:\n${this.output}`);
		}
	}

	/** Asks it to end, and waits until it did. Returns what it exited with. */
	async stop(signal = 'SIGTERM') {
		const child = this.child;
		if (!child || child.exitCode !== null || child.signalCode !== null)
			return child ? child.exitCode : 0;
		const gone = once(child, 'exit');
		child.kill(signal);
		const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
		const [code] = await gone;
		clearTimeout(late);
		return code;
	}
}

/** Passes bytes on to a port, until it is cut; mended, it takes connections again. */
export class Wire {
	constructor(server) {
		this.server = server;
		this.cutOff = false;
		this.sockets = new Set();
		this.listener = net.createServer((near) => this.#join(near));
	}

	async start() {
		this.listener.listen(0, '127.0.0.1');
		await once(this.listener, 'listening');
		this.port = this.listener.address().port;
	}

	cut() {
		this.cutOff = true;
		for (const socket of this.sockets)
			socket.destroy();
	}

	mend() {
		this.cutOff = false;
	}

	stop() {
		this.cut();
		this.listener.close();
	}

	#join(near) {
		if (this.cutOff) {
			near.destroy();
			return;
		}
		const far = net.connect(this.server.port, '127.0.0.1');
		for (const [one, other] of [[near, far], [far, near]]) {
			this.sockets.add(one);
			one.setNoDelay(true);
			one.pipe(other);
			one.on('error', () => {});
			one.on('close', () => {
				this.sockets.delete(one);
				other.destroy();
			});
		}
	}
}
