/* composer.js - the field one writes in: a new message, or an edit of an old one. */

import { textOf } from './text.js';

const byId = (id) => document.getElementById(id);
const NEAR_LIMIT = 2000;	/* bytes left from which the count is shown */

export class Composer {
	/**
	 * @param {object} on
	 * @param {(text: string) => void} on.say
	 * @param {(target: object, text: string) => void} on.edit
	 * @param {() => void} on.typing
	 * @param {() => object|null} on.last One's last message, as a target.
	 * @param {(target: object) => {data: any}} on.look
	 * @param {() => number} on.limit Bytes a message's data may have.
	 */
	constructor(on) {
		this.on = on;
		this.blocked = '';
		this.editing = null;	/* the message, as a target */
		this.kept = '';		/* what was being written when an edit began */
		this.input = byId('input');
		this.form = byId('composer');
		this.input.addEventListener('input', () => this.#changed(true));
		this.input.addEventListener('keydown', (event) => this.#key(event));
		this.form.addEventListener('submit', (event) => {
			event.preventDefault();
			this.#submit();
		});
		byId('editing-cancel').addEventListener('click', () => this.escape());
	}

	/** A room is opened: its draft comes back. */
	open(draft, placeholder) {
		this.form.hidden = false;
		this.input.setAttribute('aria-label', placeholder);
		this.input.placeholder = this.blocked || placeholder;
		this.#endEdit();
		this.#set(draft);
	}

	close() {
		this.form.hidden = true;
		this.#endEdit();
	}

	/** One may not write here now, and why; '': one may. What was written stays. */
	block(why) {
		if (this.blocked === why)
			return;
		this.blocked = why;
		this.input.disabled = why !== '';
		this.input.placeholder = why || this.input.getAttribute('aria-label');
		this.form.classList.toggle('is-blocked', why !== '');
		this.#changed(false);
	}

	/** What was written and not sent. */
	draft() {
		return this.editing ? this.kept : this.input.value;
	}

	focus() {
		this.input.focus({ preventScroll: true });
	}

	edit(target, text) {
		if (!this.editing)
			this.kept = this.input.value;
		this.editing = target;
		byId('editing').hidden = false;
		this.form.classList.add('is-editing');
		this.#set(text);
		this.focus();
	}

	/** Leaves an edit. Returns whether there was one. */
	escape() {
		if (!this.editing)
			return false;
		const { kept } = this;
		this.#endEdit();
		this.#set(kept);
		this.focus();
		return true;
	}

	/** The message that is edited is out of reach: what was written is a draft. Returns whether there was one. */
	release() {
		if (!this.editing)
			return false;
		const words = [this.kept, this.input.value].filter(Boolean).join('\n');
		this.#endEdit();
		this.#set(words);
		return true;
	}

	#endEdit() {
		this.editing = null;
		this.kept = '';
		byId('editing').hidden = true;
		this.form.classList.remove('is-editing');
	}

	#set(text) {
		this.input.value = text;
		this.input.setSelectionRange(text.length, text.length);
		this.#changed(false);
	}

	#changed(typed) {
		const text = this.input.value;
		this.input.style.height = 'auto';
		this.input.style.height = `${Math.min(this.input.scrollHeight, 200)}px`;
		const left = this.on.limit() - new TextEncoder().encode(JSON.stringify({ text })).length;
		byId('left').hidden = left > NEAR_LIMIT;
		byId('left').textContent = left >= 0 ? String(left) : `${-left} too many`;
		byId('left').classList.toggle('problem', left < 0);
		byId('send').disabled = !text.trim() || left < 0 || this.blocked !== '';
		if (typed && text.trim() && !this.editing)
			this.on.typing();
	}

	#key(event) {
		if (event.isComposing)
			return;
		if (event.key === 'Enter' && !event.shiftKey) {
			event.preventDefault();
			this.#submit();
		} else if (event.key === 'ArrowUp' && !this.input.value && !this.editing) {
			const last = this.on.last();
			const text = last ? textOf(this.on.look(last).data) : null;
			if (text !== null) {
				event.preventDefault();
				this.edit(last, text);
			}
		} else if (event.key === 'Escape' && this.escape()) {
			event.preventDefault();
		}
	}

	#submit() {
		const text = this.input.value.replace(/\s+$/, '').replace(/^\n+/, '');
		if (!text || byId('send').disabled)
			return;
		if (!this.editing) {
			this.on.say(text);
			this.#set('');
			return;
		}
		const target = this.editing;
		const changed = text !== textOf(this.on.look(target).data);
		this.escape();
		if (changed)
			this.on.edit(target, text);
	}
}
