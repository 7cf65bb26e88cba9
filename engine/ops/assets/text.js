/* text.js - words, times and names into DOM, never through markup. */

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/gi;
const JUMBO = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}\uFE0F?)*\s*){1,3}$/u;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const FULL_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const WHEN = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const HUES = 8;
const LEAD_MAX = 60;		/* characters shown before the first word that was found */
const SHOWN_MAX = 400;

/** An element with a class, a text and children. */
export function make(tag, className, text, ...children) {
	const element = document.createElement(tag);
	if (className)
		element.className = className;
	if (text !== undefined && text !== null)
		element.textContent = text;
	element.append(...children);
	return element;
}

/** An icon of the sprite in index.html. */
export function icon(name) {
	const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
	const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
	svg.setAttribute('aria-hidden', 'true');
	use.setAttribute('href', `#i-${name}`);
	svg.append(use);
	return svg;
}

/** Punctuation at the end of an address belongs to the sentence, unless a bracket in it was opened inside. */
export function trimLink(link) {
	const count = (bracket) => link.split(bracket).length;
	const unopened = { ')': count(')') - count('('), ']': count(']') - count('[') };
	let end = link.length;
	for (; end > 0; end--) {
		const last = link[end - 1];
		if (last in unopened ? unopened[last]-- <= 0 : !/[.,;:!?*_~]/.test(last))
			break;
	}
	return link.slice(0, end);
}

/** Fills element with text, its addresses clickable. */
export function setText(element, text) {
	element.textContent = '';
	let from = 0;
	for (const found of text.matchAll(LINK)) {
		const link = trimLink(found[0]);
		let url;
		try {
			url = new URL(link);
		} catch {
			continue;
		}
		element.append(text.slice(from, found.index));
		const anchor = make('a', '', link);
		anchor.href = url.href;
		anchor.target = '_blank';
		anchor.rel = 'noopener noreferrer nofollow';
		element.append(anchor);
		from = found.index + link.length;
	}
	element.append(text.slice(from));
	element.classList.toggle('jumbo', text.length < 40 && JUMBO.test(text));
}

/* Without case and marks: how the index of the server compares words. */
function plain(word) {
	return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The words of a search: [{word, prefix}], prefix for those with a * behind. */
export function wordsOf(query) {
	return [...query.matchAll(/([\p{L}\p{N}\p{M}]+)(\*?)/gu)].map(([, word, star]) => ({ word: plain(word), prefix: star !== '' }));
}

/** Fills element with text from shortly before the first of the words, these marked. */
export function setMarked(element, text, words) {
	const hits = [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].filter(([found]) => {
		const folded = plain(found);
		return words.some(({ word, prefix }) => prefix ? folded.startsWith(word) : folded === word);
	});
	let from = 0;
	if (hits.length && hits[0].index > LEAD_MAX) {
		from = text.indexOf(' ', hits[0].index - LEAD_MAX) + 1;
		from = from > 0 && from <= hits[0].index ? from : hits[0].index;
	}
	element.textContent = from > 0 ? '… ' : '';
	for (const hit of hits.filter(({ index }) => index >= from && index < from + SHOWN_MAX)) {
		element.append(text.slice(from, hit.index), make('mark', '', hit[0]));
		from = hit.index + hit[0].length;
	}
	element.append(text.slice(from, from + SHOWN_MAX));
}

/** The text of a message's data, or null where it is of another shape. */
export function textOf(data) {
	return data && typeof data === 'object' && typeof data.text === 'string' ? data.text : null;
}

export function clock(ms) {
	return CLOCK.format(ms);
}

/** The time without am and pm, where it must be short. */
export function shortClock(ms) {
	return CLOCK.formatToParts(ms).filter((part) => part.type !== 'dayPeriod').map((part) => part.value).join('').trim();
}

/** A day and a time, short. */
export function when(ms) {
	return WHEN.format(ms);
}

export function moment(ms) {
	return MOMENT.format(ms);
}

export function dayOf(ms) {
	const date = new Date(ms);
	return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function dayName(ms) {
	const days = Math.round((dayOf(Date.now()) - dayOf(ms)) / 86400000);
	if (days === 0)
		return 'Today';
	if (days === 1)
		return 'Yesterday';
	return days > 0 && days < 300 ? DAY.format(ms) : FULL_DAY.format(ms);
}

/** A round avatar: the name's first letter, in a colour that follows from the name. */
export function setAvatar(element, name) {
	let hash = 0;
	for (const character of name)
		hash = (hash * 31 + character.codePointAt(0)) >>> 0;
	const words = name.trim().split(/\s+/).filter(Boolean);
	const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0] || '?'];
	element.textContent = letters.map((word) => [...word][0].toUpperCase()).join('');
	element.className = `avatar hue-${hash % HUES}`;
	return element;
}

/** Ann / Ann and Bob / Ann, Bob and 3 others */
export function nameList(names, most) {
	const shown = names.slice(0, most);
	const others = names.length - shown.length;
	if (others > 0)
		return `${shown.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`;
	return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown[shown.length - 1]}`;
}
