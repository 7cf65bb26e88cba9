/* account.js - who one is here: a guest of a name, or whom a token says. A token lives as long as the tab. */

const byId = (id) => document.getElementById(id);
const KEY = 'uproar.token';
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** The token of this tab, or undefined. */
export function token() {
	try {
		return sessionStorage.getItem(KEY) ?? undefined;
	} catch {
		return undefined;
	}
}

export function keepToken(text) {
	try {
		sessionStorage.setItem(KEY, text);
	} catch {
		/* then it is asked for again after a reload */
	}
}

export function dropToken() {
	try {
		sessionStorage.removeItem(KEY);
	} catch {
		/* there is none */
	}
}

/**
 * What comes of a dialog that is closed without an answer: kept is called, or, where there must be one, it comes back. Esc
 * closes it whatever `cancel` is told, where nobody has touched the page since.
 */
export function mind(dialog, must, kept) {
	dialog.oncancel = (event) => {
		if (must)
			event.preventDefault();
	};
	dialog.onclose = () => {
		if (!must)
			kept(new Error('kept'));
		else if (!dialog.open)
			dialog.showModal();
	};
}

/**
 * Asks for a token. Rejected when one would rather not.
 * @param {string} why
 * @param {boolean} must There is no other way in.
 * @returns {Promise<string>}
 */
export function askToken(why, must) {
	const dialog = byId('token-dialog');
	const input = byId('token');
	const problem = byId('token-problem');
	byId('token-why').textContent = why;
	byId('token-cancel').hidden = must;
	problem.hidden = true;
	input.value = '';
	if (!dialog.open)
		dialog.showModal();
	input.focus();
	return new Promise((done, kept) => {
		byId('token-form').onsubmit = (event) => {
			const text = input.value.replace(/\s+/g, '');
			if (event.submitter?.value === 'no')
				return;
			if (!SHAPE.test(text)) {
				event.preventDefault();
				problem.hidden = false;
				problem.textContent = 'That is no token: three parts with dots between them.';
				return;
			}
			keepToken(text);
			dialog.onclose = null;
			done(text);
		};
		mind(dialog, must, kept);
	});
}
