/* rights.test.mjs - the page and uproar.js against the engine as it is, with tokens and moderation. */

import { test, before, after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import WebSocket from 'ws';
import { Uproar } from 'uproar-assets/uproar.js';
import { BACK_MS, SHOTS, connected, entryOf, launch, say, shown, showsAll, until } from './stage.mjs';
import { Server } from './server.mjs';
import { Signer } from './tokens.mjs';

const room = `rights-${Date.now().toString(36)}`;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'uproar-rights-'));
const signer = new Signer(dataDir);
const server = new Server(path.join(dataDir, 'data'), signer.options);
const trouble = [];
let browser;

before(async () => {
	fs.mkdirSync(SHOTS, { recursive: true });
	fs.mkdirSync(path.join(dataDir, 'data'));
	await server.start();
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await server.stop();
	fs.rmSync(dataDir, { recursive: true, force: true });
});

afterEach(() => {
	assert.deepEqual(trouble.splice(0), [], 'errors in a page');
});

const deeds = (page) => page.locator('#log .deed-text').allTextContents();
const standing = (page) => page.textContent('#standing-text');

/* A page whose tab has a token already. */
async function visit(token, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
	const page = await context.newPage();
	page.on('pageerror', (error) => trouble.push(error.stack));
	await page.addInitScript((text) => sessionStorage.getItem('uproar.token') ?? sessionStorage.setItem('uproar.token', text), token);
	await page.goto(`http://127.0.0.1:${server.port}/#${room}`);
	await connected(page);
	return page;
}

async function choose(page, text, what) {
	await entryOf(page, text).hover();
	await page.click('#tools [data-do=moderate]');
	await page.locator('#mod-menu button', { hasText: what }).click();
}

test('who has no token is asked for one, and what is no good is refused', async () => {
	const context = await browser.newContext({ locale: 'en-GB' });
	const page = await context.newPage();
	await page.goto(`http://127.0.0.1:${server.port}/#${room}`);
	await page.fill('#name', 'Ann');
	await page.press('#name', 'Enter');
	await page.waitForSelector('#token-dialog[open]');
	await page.fill('#token', `${signer.token('ann').slice(0, -4)}AAAA`);
	await page.click('#token-dialog .primary');
	await until('the refusal', () => page.textContent('#token-why'), (text) => /does not take this token/.test(text));
	await page.fill('#token', signer.token('ann'));
	await page.click('#token-dialog .primary');
	await connected(page);
	assert.equal(await page.textContent('#my-name'), 'ann');
	await context.close();
});

test('moderated in the engine: muted, deleted, banned over a restart, and let in again', async () => {
	const mia = await visit(signer.token('Mia', { roles: ['moderator'] }));
	const bob = await visit(signer.token('Bob'));
	await say(bob, 'buy my watches');
	await showsAll(mia, ['Bob: buy my watches']);
	assert.equal(await bob.isVisible('#room-tools'), false);
	await choose(mia, 'watches', 'Mute');
	await mia.selectOption('#mod-for', { label: '5 minutes' });
	await mia.fill('#mod-reason', 'no advertising');
	await mia.click('#mod-do');
	for (const page of [mia, bob])
		await until('the muting', () => deeds(page), (seen) => seen.join() === 'Mia muted Bob for 5 minutes (no advertising)');
	await until('Bob to be silent', () => bob.isDisabled('#input'), (disabled) => disabled);
	await entryOf(mia, 'watches').hover();
	await mia.click('#tools [data-do=del]');
	await mia.click('#ask-dialog button[value=yes]');
	await until('the deletion', () => shown(bob), (seen) => seen.join() === 'Bob: This message was deleted by Mia');
	await mia.locator('#people-list li', { hasText: 'Bob' }).hover();
	await mia.locator('#people-list .more').click();
	await mia.locator('#mod-menu button', { hasText: 'Ban' }).click();
	await mia.selectOption('#mod-for', { label: '1 day' });
	await mia.click('#mod-do');
	await until('Bob to be out', () => standing(bob), (text) => /^You are banned from this room until/.test(text));
	await mia.screenshot({ path: path.join(SHOTS, 'engine-deeds.png') });

	await server.stop('SIGKILL');
	await server.start();
	for (const page of [mia, bob]) {
		await until('to be back', async () => {
			await page.evaluate(() => document.getElementById('banner-now').click());
			return page.evaluate(() => document.body.dataset.state);
		}, (state) => state === 'connected', BACK_MS);
	}
	await bob.reload();
	await until('Bob still to be out', () => standing(bob), (text) => /^You are banned from this room until/.test(text));
	await mia.click('#room-tools');
	await mia.locator('#held li', { hasText: 'banned' }).locator('button').click();
	await until('Bob to be free', () => deeds(mia), (seen) => seen.at(-1) === 'Mia lifted the ban on Bob');
	await mia.click('#room-dialog .primary');
	await bob.reload();
	await until('Bob to be in, and muted', () => standing(bob), (text) => /^You are muted/.test(text));
	for (const page of [mia, bob])
		await page.context().close();
});

test('a slow and a locked room, from one who manages it', async () => {
	const root = await visit(signer.token('Root', { roles: ['admin'] }));
	const bob = await visit(signer.token('Bea'));
	await root.click('#room-tools');
	await root.selectOption('#slow', '30');
	await until('Bea to know', () => standing(bob), (text) => text === 'This room is slow: a message every 30 seconds.');
	await say(bob, 'one');
	await say(bob, 'two');
	await until('it to wait', () => bob.locator('.tail .sending').allTextContents(), (seen) => seen.join() === 'Waiting: this room is slow');
	await root.check('#lock');
	await until('the lock', () => bob.isDisabled('#input'), (disabled) => disabled);
	await bob.reload();
	await until('the lock after a reload', () => standing(bob), (text) => /^This room is locked/.test(text));
	await root.uncheck('#lock');
	await root.selectOption('#slow', '0');
	await until('it to be open', () => bob.isVisible('#standing'), (visible) => !visible);
	for (const page of [root, bob])
		await page.context().close();
});

test('getToken is asked when the token ends soon, and nothing is interrupted', async () => {
	const needs = [];
	const chat = new Uproar({ url: `ws://127.0.0.1:${server.port}/ws`, WebSocket, getToken: async (need) => {
		needs.push(need);
		return signer.token('ann', { seconds: needs.length === 1 ? 20 : 3600 });
	} });
	const states = [];
	const told = [];
	chat.on('state', ({ state }) => states.push(state));
	chat.on('expiring', (detail) => told.push(detail));
	await chat.join(room);
	await until('the warning', () => told.length, (count) => count === 1, 30000);
	await until('a new token', () => needs.join(), (all) => all === 'first,expiring');
	await chat.send(room, { text: 'still here' });
	assert.equal(chat.user, 'ann');
	assert.ok(!states.includes('waiting'));
	chat.close();
});
