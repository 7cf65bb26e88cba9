/* text.js: what of a text is an address. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { trimLink } from 'uproar-assets/text.js';

test('an address ends before the punctuation of its sentence, and keeps the brackets it opened', () => {
	for (const [found, link] of [
		['http://x/a.', 'http://x/a'],
		['http://x/a).', 'http://x/a'],
		['http://x/a_(b)', 'http://x/a_(b)'],
		['http://x/a_(b)).', 'http://x/a_(b)'],
		['http://x/[a](b)]', 'http://x/[a](b)'],
		['http://x/?!)]', 'http://x/'],
		['http://x/(a', 'http://x/(a'],
	])
		assert.equal(trimLink(found), link);
});

test('the brackets of one message take no time', () => {
	const before = process.cpuUsage();
	for (const bracket of [')', ']', ').', '])'])
		assert.equal(trimLink(`http://x${bracket.repeat(16384)}`), 'http://x');
	const { user } = process.cpuUsage(before);
	assert.ok(user < 1e6, `${user} us of CPU time`);
});
