/* tokens.mjs - what a back end does: signs who somebody is. */

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A secret in a file of its own, and tokens that it signs. */
export class Signer {
	constructor(directory) {
		this.secret = crypto.randomBytes(32);
		this.file = path.join(directory, 'secret');
		fs.writeFileSync(this.file, this.secret.toString('hex'), { mode: 0o600 });
	}

	/** The option of the server. */
	get options() {
		return ['--token-keys', `HS256:${this.file}`];
	}

	token(sub, { seconds = 3600, ...claims } = {}) {
		const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + seconds, ...claims })}`;
		return `${signed}.${crypto.createHmac('sha256', this.key).update(signed).digest('base64url')}`;
	}

	get key() {
		return this.secret.toString('hex');
	}
}
