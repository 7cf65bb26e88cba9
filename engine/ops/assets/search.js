/* search.js - the panel that finds messages of the open room by their words. */

import { make, setMarked, textOf, wordsOf, clock, moment, dayName } from './text.js';

const PAUSE_MS = 250;		/* without a key, before it is asked */
const QUERY_MAX = 256;		/* bytes */
const PAGE = 20;
const WORDS = {
	unsupported: 'Messages of this room are not kept on disk, so they cannot be searched.',
	rate_limited: 'That was too fast. Try again in a moment.',
	unavailable: 'The server cannot search now. Try again in a moment.',
	bad_request: 'Search for a word.',
	not_joined: 'Join the room first.',
};

const byId = (id) => document.getElementById(id);

export class Search {
	/**
	 * @param {object} on
	 * @param {(query: string, what: {limit: number, before?: number}) => Promise<{events: object[], more: boolean}>} on.ask
	 * @param {(found: object) => void} on.jump A result was chosen.
	 * @param {(open: boolean) => void} on.turn The panel was opened or closed.
	 */
	constructor(on) {
		this.on = on;
		this.isOpen = false;
		this.asked = 0;		/* which question is the last */
		this.timer = 0;
		this.query = '';
		this.oldest = 0;
		this.count = 0;
		this.input = byId('search-input');
		this.list = byId('search-results');
		this.state = byId('search-state');
		this.older = byId('search-older');
		this.input.addEventListener('input', () => this.#typed());
		byId('search-form').addEventListener('submit', (event) => {
			event.preventDefault();
			this.#ask(this.input.value);
		});
		this.older.addEventListener('click', () => this.#more());
		byId('search-close').addEventListener('click', () => this.close());
		byId('search').addEventListener('keydown', (event) => this.#key(event));
	}

	open() {
		this.isOpen = true;
		this.on.turn(true);
		this.input.focus();
		this.input.select();
	}

	/** Returns whether it was open. */
	close() {
		const was = this.isOpen;
		this.isOpen = false;
		if (was)
			this.on.turn(false);
		return was;
	}

	/** Another room is open: what was found in the last one is of no use. */
	room(name) {
		this.input.placeholder = `Search #${name}`;
		this.input.setAttribute('aria-label', this.input.placeholder);
		this.input.value = '';
		this.#clear('');
	}

	#typed() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.#ask(this.input.value), PAUSE_MS);
	}

	#clear(text) {
		clearTimeout(this.timer);
		this.asked++;
		this.query = '';
		this.count = 0;
		this.list.replaceChildren();
		this.older.hidden = true;
		this.state.textContent = text;
		byId('search').classList.remove('busy');
	}

	/* The last word may not be whole yet. */
	async #ask(typed) {
		let query = typed.trim();
		if (!wordsOf(query).length) {
			this.#clear('');
			return;
		}
		if (/[\p{L}\p{N}\p{M}]$/u.test(query))
			query += '*';
		if (new TextEncoder().encode(query).length > QUERY_MAX) {
			this.#clear('That is too long.');
			return;
		}
		if (query === this.query)
			return;
		clearTimeout(this.timer);
		await this.#fetch(query, {}, () => this.list.replaceChildren());
	}

	#more() {
		const last = this.list.lastElementChild;
		this.older.hidden = true;
		this.#fetch(this.query, { before: this.oldest }, () => {}).then(() => last?.nextElementSibling?.firstElementChild.focus());
	}

	async #fetch(query, what, begin) {
		const asked = ++this.asked;
		byId('search').classList.add('busy');
		try {
			const found = await this.on.ask(query, { limit: PAGE, ...what });
			if (asked !== this.asked)
				return;
			begin();
			this.query = query;
			this.count = (what.before ? this.count : 0) + found.events.length;
			this.#draw(found);
		} catch (error) {
			if (asked === this.asked)
				this.#clear(WORDS[error.code] || `That did not work: ${error.message}.`);
		}
		if (asked === this.asked)
			byId('search').classList.remove('busy');
	}

	#draw({ events, more }) {
		const words = wordsOf(this.query);
		this.oldest = events.length ? events[0].seq : this.oldest;
		this.list.append(...[...events].reverse().map((event) => this.#result(event, words)));
		this.older.hidden = !more;
		if (!this.count)
			this.state.textContent = 'Nothing was found.';
		else
			this.state.textContent = more ? `The newest ${this.count}` : `${this.count} ${this.count === 1 ? 'message' : 'messages'}`;
	}

	#result(event, words) {
		const time = make('time', '', `${dayName(event.ts)}, ${clock(event.ts)}`);
		const text = make('span', 'found-text');
		const button = make('button', 'found', null,
			make('span', 'found-head', null, make('bdi', 'author', event.from), time), text);
		time.dateTime = new Date(event.ts).toISOString();
		time.title = moment(event.ts);
		text.dir = 'auto';
		setMarked(text, textOf(event.data) ?? JSON.stringify(event.data), words);
		button.dataset.seq = event.seq;
		button.addEventListener('click', () => {
			this.list.querySelector('[aria-current]')?.removeAttribute('aria-current');
			button.setAttribute('aria-current', 'true');
			this.on.jump(event);
		});
		return make('li', '', null, button);
	}

	#key(event) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const stops = [this.input, ...this.list.querySelectorAll('.found')];
		const at = stops.indexOf(document.activeElement);
		if (!step || at < 0 || !stops[at + step])
			return;
		event.preventDefault();
		stops[at + step].focus();
	}
}
