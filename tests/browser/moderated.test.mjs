/* moderated.test.mjs - the page of a moderator, and of those who are moderated; and how one signs in. The server is played. */

import { test, before, after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { House } from './house.mjs';
import { PHONE, SHOTS, connected, entryOf, launch, meet, say, shown, showsAll, until } from './stage.mjs';
import { Server } from './server.mjs';

const server = new Server('');
const trouble = [];
let browser;

before(async () => {
	fs.mkdirSync(SHOTS, { recursive: true });
	await server.start();	/* for the page itself */
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await server.stop();
});

afterEach(() => {
	assert.deepEqual(trouble.splice(0), [], 'errors in a page');
});

const address = () => `http://127.0.0.1:${server.port}/#lobby`;
const visit = (house, name, options = {}) => meet(browser, address(), name, trouble, { ...options, prepare: (page) => house.put(page) });
const deeds = (page) => page.locator('#log .deed-text').allTextContents();
const standing = (page) => page.textContent('#standing-text');
const shot = (page, name) => page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
const signedIn = (page) => page.evaluate(() => sessionStorage.getItem('uproar.token'));

const TOKENS = { 'aa.bb.ann': 'ann', 'aa.bb.ann2': 'ann', 'aa.bb.mia': 'mia' };

/* A page whose server wants a token. */
async function stranger(house, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
	const page = await context.newPage();
	page.on('pageerror', (error) => trouble.push(error.stack));
	await house.put(page);
	await page.goto(address());
	return page;
}

/* Chooses what to do to the author of a message, by mouse. */
async function choose(page, text, what) {
	await entryOf(page, text).hover();
	await page.click('#tools [data-do=moderate]');
	await page.locator('#mod-menu button', { hasText: what }).click();
}

async function fill(page, { time, reason }) {
	if (time)
		await page.selectOption('#mod-for', { label: time });
	if (reason)
		await page.fill('#mod-reason', reason);
	await page.click('#mod-do');
}

test('a moderator mutes, deletes, removes and bans, and all see what was done', async () => {
	const house = new House({ moderators: ['Mia'] });
	const mia = await visit(house, 'Mia');
	const bob = await visit(house, 'Bob', { colorScheme: 'dark' });
	await say(bob, 'buy my watches');
	await say(bob, 'cheap cheap cheap');
	await showsAll(mia, ['Bob: buy my watches', 'Bob: cheap cheap cheap']);

	/* Bob has no such tools, and none of them is of use on oneself. */
	await entryOf(bob, 'buy my').hover();
	assert.equal(await bob.isVisible('#tools [data-do=moderate]'), false);
	assert.equal(await bob.isVisible('#room-tools'), false);
	assert.equal(await bob.locator('.more').count(), 0);
	await say(mia, 'stop that');
	await entryOf(mia, 'stop that').hover();
	assert.equal(await mia.isVisible('#tools [data-do=moderate]'), false);

	await entryOf(mia, 'cheap cheap').hover();
	await mia.click('#tools [data-do=moderate]');
	await mia.waitForSelector('#mod-menu:not([hidden])');
	await shot(mia, 'mod-menu');
	await mia.keyboard.press('Escape');
	assert.equal(await mia.isVisible('#mod-menu'), false);

	await entryOf(mia, 'buy my').hover();
	await mia.click('#tools [data-do=del]');
	assert.match(await mia.textContent('#ask-title'), /of Bob/);
	await mia.click('#ask-dialog button[value=yes]');
	for (const page of [mia, bob])
		await until('the deletion', () => shown(page), (seen) => seen[0] === 'Bob: This message was deleted by Mia');

	await choose(mia, 'cheap cheap', 'Mute');
	await shot(mia, 'mod-dialog');
	await fill(mia, { time: '5 minutes', reason: 'no advertising' });
	for (const page of [mia, bob])
		await until('the muting', () => deeds(page), (seen) => seen.join() === 'Mia muted Bob for 5 minutes (no advertising)');
	await until('Bob to know', () => standing(bob), (text) => /^You are muted (until|for)/.test(text));
	assert.equal(await bob.isDisabled('#input'), true);
	assert.equal(await bob.getAttribute('#input', 'placeholder'), 'You are muted');
	await shot(bob, 'muted');
	await until('who is muted', () => mia.locator('#people-list li', { hasText: 'Bob' }).textContent(), (text) => /muted/.test(text));
	await choose(mia, 'cheap cheap', 'Let write again');
	await until('the end of it', () => bob.isDisabled('#input'), (disabled) => !disabled);
	assert.equal(await bob.getAttribute('#input', 'placeholder'), 'Message #lobby');

	await mia.locator('#people-list li', { hasText: 'Bob' }).hover();
	await mia.locator('#people-list .more').click();
	await mia.locator('#mod-menu button', { hasText: 'Remove' }).click();
	assert.equal(await mia.isVisible('#mod-for'), false, 'nobody is removed for an hour');
	await fill(mia, { reason: 'last warning' });
	await until('Bob to be out', () => standing(bob), (text) => text === 'You were removed from this room: last warning.');
	assert.ok((await shown(bob)).includes('Mia: stop that'), 'what was said stays');
	await bob.click('#standing-do');
	await until('Bob to be back', () => bob.isVisible('#standing'), (visible) => !visible);
	await say(bob, 'one more watch');

	await choose(mia, 'one more watch', 'Ban');
	await fill(mia, { time: '1 day' });
	await until('Bob to be out', () => standing(bob), (text) => /^You are banned from this room until/.test(text));
	assert.equal(await bob.isVisible('#standing-do'), false);
	assert.equal(await bob.isDisabled('#input'), true);
	await shot(bob, 'banned');
	await shot(mia, 'deeds');
	await bob.reload();
	await until('Bob not to get in', () => standing(bob), (text) => /^You are banned from this room until/.test(text));
	assert.deepEqual(await deeds(mia), ['Mia muted Bob for 5 minutes (no advertising)', 'Mia let Bob write again',
		'Mia removed Bob (last warning)', 'Mia banned Bob for 1 day']);

	await mia.click('#room-tools');
	await until('who is banned', () => mia.textContent('#held'), (text) => /Bobbanned until.*Lift/.test(text));
	await shot(mia, 'room-dialog');
	await mia.click('#held button');
	await until('nobody', () => mia.isVisible('#held-none'), (visible) => visible);
	await mia.click('#room-dialog .primary');
	for (const page of [mia, bob])
		await page.context().close();
});

test('a room is made slow, and locked: all are told, and who comes later too', async () => {
	const house = new House({ moderators: ['Mia'] });
	const mia = await visit(house, 'Mia');
	const bob = await visit(house, 'Bob', PHONE);
	await mia.click('#room-tools');
	await mia.selectOption('#slow', '10');
	await until('Bob to know', () => standing(bob), (text) => text === 'This room is slow: a message every 10 seconds.');
	assert.equal(await bob.isDisabled('#input'), false);
	await mia.check('#lock');
	await until('Bob to know', () => bob.isDisabled('#input'), (disabled) => disabled);
	assert.equal(await standing(bob), 'This room is locked: only moderators may write.');
	await shot(bob, 'phone-locked');
	await mia.click('#room-dialog .primary');
	assert.equal(await mia.isDisabled('#input'), false);
	await say(mia, 'a moment please');
	await until('the message', () => shown(bob), (seen) => seen.includes('Mia: a moment please'));
	for (let i = 0; i < 60; i++)
		house.happen('lobby', { ev: 'msg', from: 'Mia', data: { text: `line ${i}` } });
	await bob.reload();
	await connected(bob);
	await until('it to be locked still', () => bob.isDisabled('#input'), (disabled) => disabled);
	await mia.click('#room-tools');
	assert.deepEqual([await mia.inputValue('#slow'), await mia.isChecked('#lock')], ['10', true]);
	await mia.uncheck('#lock');
	await mia.selectOption('#slow', '0');
	await until('it to be open', () => bob.isVisible('#standing'), (visible) => !visible);
	assert.deepEqual((await deeds(mia)).slice(-2), ['Mia unlocked the room', 'Mia ended slow mode']);
	for (const page of [mia, bob])
		await page.context().close();
});

test('what a moderator may not do is said, and what the server refuses is told with its reason', async () => {
	const house = new House({ moderators: ['Mia', 'Root'] });
	const mia = await visit(house, 'Mia');
	const root = await visit(house, 'Root');
	await say(root, 'I am the law');
	await until('the message', () => shown(mia), (seen) => seen.length === 1);
	await choose(mia, 'the law', 'Ban');
	await fill(mia, {});
	await until('why not', () => mia.textContent('#toast'), (text) => text === 'You may not do that to them.');
	assert.equal(await root.isVisible('#standing'), false);

	/* A ban on a message's author by somebody unseen: of an operator, by the API. */
	house.happen('lobby', { ev: 'mod', from: '@backoffice', act: 'mute', user: 'Bob' });
	await until('the act', () => deeds(mia), (seen) => seen.join() === 'Operator backoffice muted Bob');

	/* Nothing of this is one's last message, or counts as unread. */
	await say(mia, 'mine');
	await until('the message', () => shown(mia), (seen) => seen.at(-1) === 'Mia: mine');
	house.happen('lobby', { ev: 'mod', from: 'Mia', act: 'unmute', user: 'Bob' });
	await mia.fill('#input', '');
	await mia.press('#input', 'ArrowUp');
	assert.equal(await mia.inputValue('#input'), 'mine');
	for (const page of [mia, root])
		await page.context().close();
});

test('who is muted before the page knows is told with the message that was not sent', async () => {
	const house = new House();
	const bob = await visit(house, 'Bob');
	house.rooms.get('lobby').mutes.set('Bob', 3600000);
	await say(bob, 'hello?');
	await until('the reason', () => bob.locator('.failed .problem').allTextContents(), (seen) => /^Not sent: you are muted until \d/.test(seen.join()));
	await until('the field to be closed', () => bob.isDisabled('#input'), (disabled) => disabled);
	house.happen('lobby', { ev: 'mod', from: 'Mia', act: 'mute', user: 'Bob', until: Date.now() + 50000 });
	await until('no countdown, which would be read aloud', () => standing(bob), (text) => text === 'You are muted for less than a minute.');
	await bob.context().close();
});

test('moderation on a phone, by touch', async () => {
	const house = new House({ moderators: ['Mia'] });
	const mia = await visit(house, 'Mia', { ...PHONE, colorScheme: 'dark' });
	house.happen('lobby', { ev: 'msg', from: 'a very long name that goes on and on to the end', data: { text: 'buy my watches' } });
	await entryOf(mia, 'buy my watches').locator('.text').tap();
	await mia.tap('#tools [data-do=moderate]');
	const box = await mia.locator('#mod-menu').boundingBox();
	assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
	await shot(mia, 'phone-mod-menu');
	await mia.locator('#mod-menu button', { hasText: 'Ban' }).tap();
	await shot(mia, 'phone-mod-dialog');
	assert.equal(await mia.evaluate(() => document.documentElement.scrollWidth), 390, 'nothing sticks out');
	await fill(mia, { reason: 'spam, and more spam, and again spam of the kind that nobody wants to read at all' });
	await until('the act', () => deeds(mia), (seen) => seen.length === 1);
	await shot(mia, 'phone-deed');
	await mia.context().close();
});

test('where a token is demanded it is asked for, and says who one is', async () => {
	const house = new House({ tokens: TOKENS });
	const page = await stranger(house);
	await page.waitForSelector('#name-dialog[open]');
	await shot(page, 'name-dialog');
	await page.fill('#name', 'Ann');
	await page.press('#name', 'Enter');
	await page.waitForSelector('#token-dialog[open]');
	await shot(page, 'token-dialog');
	assert.equal(await page.isVisible('#token-cancel'), false, 'there is no other way in');
	await page.fill('#token', 'no token');
	await page.click('#token-dialog .primary');
	assert.match(await page.textContent('#token-problem'), /three parts/);
	await page.fill('#token', 'aa.bb.wrong');
	await page.click('#token-dialog .primary');
	await until('the refusal', () => page.textContent('#token-why'), (text) => /does not take this token/.test(text));
	assert.equal(await signedIn(page), null);
	await page.fill('#token', ' aa.bb.\nann ');
	await page.click('#token-dialog .primary');
	await connected(page);
	assert.equal(await page.textContent('#my-name'), 'ann');
	await say(page, 'it is me');
	await showsAll(page, ['ann: it is me']);
	await page.reload();
	await connected(page);
	assert.equal(await page.textContent('#my-name'), 'ann', 'a reload asks for nothing');
	await page.click('#rename');
	await page.waitForSelector('#token-dialog[open]');
	assert.equal(await signedIn(page), null);
	await page.context().close();
});

test('a token that ends is renewed, or asked for when it has ended', async () => {
	const house = new House({ tokens: TOKENS });
	const page = await stranger(house);
	await page.click('#use-token');
	await page.fill('#token', 'aa.bb.ann');
	await page.click('#token-dialog .primary');
	await connected(page);
	house.tell('ann', { ev: 'expiring', in_ms: 45000 });
	await until('the warning', () => page.textContent('#banner-text'), (text) => /^Your token ends soon, in \d+ seconds\.$/.test(text));
	assert.equal(await page.locator('#banner-text').ariaSnapshot(), '- text: Your token ends soon');
	await shot(page, 'expiring');
	await page.click('#banner-now');
	await page.fill('#token', 'aa.bb.ann2');
	await page.click('#token-dialog .primary');
	await until('the warning to be gone', () => page.isVisible('#banner'), (visible) => !visible);
	assert.deepEqual(house.said.filter(({ op }) => op === 'refresh').map(({ token }) => token), ['aa.bb.ann2']);
	assert.equal(await signedIn(page), 'aa.bb.ann2');
	house.end('ann', 4410, 'token_expired');
	await until('the question', () => page.textContent('#token-why'), (text) => /has ended/.test(text));
	await page.fill('#token', 'aa.bb.ann');
	await page.click('#token-dialog .primary');
	await connected(page);
	await page.context().close();
});

test('what is asked about a message ends with the log it is in', async () => {
	const house = new House();
	const ann = await visit(house, 'Ann');
	const back = async () => {
		house.end('Ann', 4000, 'gone');
		await ann.waitForSelector('body:not([data-state=connected])');
		await connected(ann);
		await until('the room to be here', () => shown(ann), (seen) => seen.length === 1);
	};
	const gone = (what, selector) => until(`no ${what}`, () => ann.isVisible(selector), (visible) => !visible);
	const begin = async (what) => {
		await entryOf(ann, 'first').hover();
		await ann.click(`#tools [data-do=${what}]`);
	};
	await say(ann, 'first');
	await showsAll(ann, ['Ann: first']);
	await begin('del');
	await ann.waitForSelector('#ask-dialog[open]');
	await back();
	await gone('question', '#ask-dialog');
	await begin('react');
	await ann.waitForSelector('#picker:not([hidden])');
	await back();
	await gone('picker', '#picker');
	await ann.fill('#input', 'a draft');
	await begin('edit');
	await ann.fill('#input', 'first, changed');
	await back();
	await gone('edit', '#editing');
	assert.equal(await ann.inputValue('#input'), 'a draft\nfirst, changed');
	assert.match(await ann.textContent('#toast'), /out of reach/);
	assert.ok(!house.said.some(({ op }) => ['del', 'react', 'edit'].includes(op)));
	await ann.context().close();
});

test('a person is chosen by a click in which others come and go', async () => {
	const house = new House({ moderators: ['Mia'] });
	const mia = await visit(house, 'Mia');
	const bob = await visit(house, 'Bob');
	const names = () => mia.locator('#people-list .person').allTextContents();
	await until('Bob', names, (seen) => seen.join() === 'Bob,Mia');
	await mia.locator('#people-list li', { hasText: 'Bob' }).hover();
	await mia.locator('[aria-label="Moderate Bob"]').hover();
	await mia.mouse.down();
	const zoe = await visit(house, 'Zoe');
	await until('Zoe', names, (seen) => seen.join() === 'Bob,Mia,Zoe');
	await zoe.locator('#rooms li').hover();
	await zoe.click('[aria-label="Leave lobby"]');
	await until('no Zoe', names, (seen) => seen.join() === 'Bob,Mia');
	await mia.mouse.up();
	await mia.waitForSelector('#mod-menu:not([hidden])');
	assert.equal(await mia.textContent('.menu-head'), 'Bob');
	for (const page of [mia, bob, zoe])
		await page.context().close();
});

test('what is asked about a person or a room ends where another room is opened', async () => {
	const house = new House({ moderators: ['Mia'] });
	const mia = await visit(house, 'Mia');
	const bob = await visit(house, 'Bob');
	await say(bob, 'hello');
	await showsAll(mia, ['Bob: hello']);
	for (const [dialog, open] of [['#mod-dialog', () => choose(mia, 'hello', 'Ban')], ['#room-dialog', () => mia.click('#room-tools')]]) {
		await open();
		await mia.waitForSelector(`${dialog}[open]`);
		await mia.evaluate(() => {
			location.hash = 'elsewhere';
		});
		await until('the other room', () => mia.textContent('#title'), (title) => title === 'elsewhere');
		assert.equal(await mia.isVisible(dialog), false);
		await mia.evaluate(() => {
			location.hash = 'lobby';
		});
		await showsAll(mia, ['Bob: hello']);
	}
	for (const page of [mia, bob])
		await page.context().close();
});

test('who is banned from the server is told until when, and may try again then', async () => {
	const house = new House();
	house.banned.set('Ann', 3 * 3600 * 1000);
	const page = await stranger(house);
	const banner = () => page.textContent('#banner-text');
	await page.fill('#name', 'Ann');
	await page.press('#name', 'Enter');
	await until('the ban', banner, (text) => /^You are banned from this server (until \S.*|for .*hour.*)\.$/.test(text));
	assert.equal(await page.isVisible('#banner-now'), false);
	house.banned.set('Ann', 1500);
	await page.reload();
	await until('its end', banner, (text) => text === 'You were banned from this server. The ban has ended.');
	house.banned.clear();
	await page.click('#banner-now');
	await connected(page);
	house.end('Ann', 4412, 'banned');
	await until('another ban', banner, (text) => text === 'You are banned from this server.');
	await page.context().close();
});

test('who must say a name, or a token, is asked until it is said', async () => {
	const escape = async (page, dialog) => {
		for (let i = 0; i < 3; i++) {
			await page.keyboard.press('Escape');
			await page.waitForSelector(`${dialog}[open]`);
		}
	};
	const guest = await stranger(new House());
	await guest.waitForSelector('#name-dialog[open]');
	await escape(guest, '#name-dialog');
	await guest.click('#use-token');
	await guest.waitForSelector('#token-dialog[open]');
	await guest.keyboard.press('Escape');
	await guest.waitForSelector('#name-dialog[open]');
	await guest.fill('#name', 'Ann');
	await guest.press('#name', 'Enter');
	await connected(guest);
	await guest.click('#rename');
	await guest.waitForSelector('#name-dialog[open]');
	await guest.keyboard.press('Escape');
	assert.equal(await guest.isVisible('#name-dialog'), false, 'who has a name may keep it');

	const page = await stranger(new House({ tokens: TOKENS }));
	await page.fill('#name', 'Ann');
	await page.press('#name', 'Enter');
	await page.waitForSelector('#token-dialog[open]');
	await escape(page, '#token-dialog');
	await page.fill('#token', 'aa.bb.ann');
	await page.click('#token-dialog .primary');
	await connected(page);
	for (const one of [guest, page])
		await one.context().close();
});

test('who comes back to a room that went on has no hole in its history', async () => {
	const house = new House();
	const fill = (count) => {
		for (let i = 0; i < count; i++)
			house.happen('lobby', { ev: 'msg', from: 'Bob', cid: `b:${i}`, data: { text: `line ${i}` } });
	};
	fill(300);
	const ann = await visit(house, 'Ann');
	const seqs = () => ann.evaluate(() => [...document.querySelectorAll('#entries .entry')].map((entry) => Number(entry.dataset.seq)));
	const up = () => ann.evaluate(() => {
		document.getElementById('log').scrollTop = 0;
	});
	await until('the end', seqs, (seen) => seen.at(-1) === 300);
	house.tell('Ann', { ev: 'removed', room: 'lobby', act: 'kick', user: 'Ann' });
	await until('to be out', () => standing(ann), (text) => /^You were removed/.test(text));
	fill(100);
	await up();
	await ann.click('#standing-do');
	await until('the end again', seqs, (seen) => seen.at(-1) === 400);
	await until('the beginning', async () => {
		await up();
		return ann.textContent('#top');
	}, (text) => /the room begins/.test(text));
	assert.deepEqual(await seqs(), Array.from({ length: 400 }, (_, i) => i + 1));
	await ann.context().close();
});
