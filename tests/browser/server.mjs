/* server.mjs - the server under test as a child process, and a wire between it and a page that can be cut. */

import { spawn } from 'node:child_process';
import net from 'node:net';
import { once } from 'node:events';

const START_MS = 10000;
const STOP_MS = 30000;
const PORTS = new URL('..', import.meta.url).pathname; // where ports.py is

/** uproar, or what UPROAR_CMD names, on a port of its own that it keeps over restarts. */
export class Server {
	constructor(dataDir, options = []) {
		this.dataDir = dataDir;
		this.options = options;
		this.port = 0;
		this.output = '';
		this.child = null;
	}

	/** Of tests/ports.py: it is nobody else's for as long as that process runs, which is until our end of its pipe goes. */
	async #lend() {
		const lender = spawn('python3', ['-Bc', 'import sys, ports; print(ports.free_port(), flush=True); sys.stdin.read()'],
			{ cwd: PORTS, stdio: ['pipe', 'pipe', 'inherit'] });
		const failed = once(lender, 'exit').then(() => Promise.reject(new Error('tests/ports.py lends no port')));
		const [port] = await Promise.race([once(lender.stdout, 'data'), failed]);
		failed.catch(() => {});
		this.port = Number(port);
		lender.unref();
		lender.stdin.unref();
		lender.stdout.unref();
	}

	async start() {
		if (this.port === 0)
			await this.#lend();
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

	/** Asks it to end, and waits until it did. Returns what it exited with: 0, where it was asked with SIGTERM. */
	async stop(signal = 'SIGTERM') {
		const child = this.child;
		if (!child || child.exitCode !== null || child.signalCode !== null)
			return child ? child.exitCode : 0;
		const gone = once(child, 'exit');
		child.kill(signal);
		const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
		const [code] = await gone;
		clearTimeout(late);
		if (signal === 'SIGTERM' && code !== 0)
			throw new Error(`the server ended with ${code ?? 'a signal'}:\n${this.output.slice(-2000)}`);
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
