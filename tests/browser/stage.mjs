/* stage.mjs - Chromium, people who chat in it, and what they see. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync'];
export const SHOTS = path.join(process.env.BUILD || 'build', 'screenshots');
export const WAIT_MS = 10000;
export const BACK_MS = 45000;	/* a return may draw 20 s, and a second attempt */
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

/* What the server says comes UPROAR_LATE_MS later, what follows hello's answer twice that: a test that takes for granted
 * what merely comes soon, fails. */
const LATE_MS = Number(process.env.UPROAR_LATE_MS || 0);

export function late(take) {
	let n = 0;
	let due = 0;
	return !LATE_MS ? take : (text) => {
		due = Math.max(due, performance.now() + LATE_MS * (++n === 2 ? 2 : 1));
		setTimeout(take, due - performance.now(), text);
	};
}

export function launch() {
	return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/* A person of a name, with the page at an address. What its console says goes to trouble; prepare(page) comes before. */
export async function meet(browser, url, name, trouble, { prepare, ...options } = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
	const page = await context.newPage();
	page.on('pageerror', (error) => trouble.push(`${name}: ${error.stack}`));
	page.on('console', (message) => {
		if (message.type() === 'error' && !/WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE/.test(message.text()))
			trouble.push(`${name}: ${message.text()}`);
	});
	page.setDefaultTimeout(WAIT_MS);
	if (prepare)
		await prepare(page);
	else if (LATE_MS)
		await page.routeWebSocket(/\/ws$/, (near) => near.connectToServer().onMessage(late((text) => near.send(text))));
	await page.goto(url);
	await page.fill('#name', name);
	await page.press('#name', 'Enter');
	await connected(page);
	return page;
}

export function connected(page, timeout = WAIT_MS) {
	return page.waitForSelector('body[data-state=connected]', { timeout });
}

export async function say(page, text) {
	await page.fill('#input', text);
	await page.press('#input', 'Enter');
}

/* The messages as a reader sees them, "author: text", those on their way marked. Acts of moderation are none. */
export function shown(page) {
	return page.evaluate(() => [...document.querySelectorAll('#log .entry:not(:has(.deed))')].map((entry) => {
		const author = entry.querySelector('.author').textContent;
		const content = entry.querySelector('.text').cloneNode(true);
		const edited = content.querySelector('.edited');
		edited?.previousSibling.remove();
		edited?.remove();
		const text = content.textContent;
		return `${entry.dataset.seq ? '' : '(on its way) '}${author}: ${text}`;
	}));
}

/* Waits until check is content, or fails with what was seen last. */
export async function until(what, look, check, timeout = WAIT_MS) {
	const end = Date.now() + timeout;
	let seen;
	do {
		seen = await look();
		if (check(seen))
			return seen;
		await new Promise((resume) => setTimeout(resume, 100));
	} while (Date.now() < end);
	assert.fail(`waited ${timeout} ms for: ${what}\nseen: ${JSON.stringify(seen, null, 1)}`);
}

export function showsAll(page, wanted, timeout) {
	return until(`to be shown: ${JSON.stringify(wanted)}`, () => shown(page),
		(seen) => JSON.stringify(seen) === JSON.stringify(wanted), timeout);
}

export const entryOf = (page, text) => page.locator('#entries .entry', { hasText: text });
