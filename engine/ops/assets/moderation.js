/* moderation.js - what those who may moderate do to people and to the room, and how acts read in the conversation. */

import { make, icon, clock, when, dayOf } from './text.js';

const byId = (id) => document.getElementById(id);
const REASON_MAX = 256;		/* bytes */
const SOON_MS = 60000;
/* What a dialog asks for, and what its button says. */
const ASKS = {
	kick: { title: 'Remove', done: 'Remove', text: 'They may join again at once.', ends: false },
	mute: { title: 'Mute', done: 'Mute', text: 'They go on reading, but may not write.', ends: true },
	ban: { title: 'Ban', done: 'Ban', text: 'They are removed, and may not join again.', ends: true },
};
const UNITS = [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']];

/** 90 -> 90 seconds, 3600 -> 1 hour, 5400 -> 90 minutes */
export function duration(seconds) {
	const whole = Math.max(1, Math.round(seconds));
	const [size, unit] = UNITS.find(([most]) => whole >= most && whole % most === 0);
	return `${whole / size} ${unit}${whole === size ? '' : 's'}`;
}

/** When something ends, as short as it can be understood. */
export function endOf(ms) {
	if (ms - Date.now() < SOON_MS)
		return `for ${duration(Math.max(1, (ms - Date.now()) / 1000))}`;
	return dayOf(ms) === dayOf(Date.now()) ? `until ${clock(ms)}` : `until ${when(ms)}`;
}

/** What an act is called in the conversation. */
export function deed({ act, user, from, ts, until, every, reason }) {
	const who = from.startsWith('@') ? `Operator ${from.slice(1)}` : from;
	const time = until ? ` for ${duration(Math.round((until - ts) / 1000))}` : '';
	const done = {
		kick: `removed ${user}`,
		ban: `banned ${user}${time}`,
		unban: `lifted the ban on ${user}`,
		mute: `muted ${user}${time}`,
		unmute: `let ${user} write again`,
		slow: every ? `made the room slow: a message every ${duration(every)}` : 'ended slow mode',
		lock: 'locked the room: only moderators may write',
		unlock: 'unlocked the room',
	}[act] || `moderated: ${act}`;
	return `${who} ${done}${reason ? ` (${reason})` : ''}`;
}

export class Moderation {
	/**
	 * @param {object} on
	 * @param {() => object|null} on.model The room that is open.
	 * @param {(right: string) => boolean} on.may
	 * @param {() => string} on.me
	 * @param {(act: string, what: object) => Promise<any>} on.act
	 * @param {() => void} on.done The dialog or menu is closed.
	 */
	constructor(on) {
		this.on = on;
		this.menu = byId('mod-menu');
		this.dialog = byId('mod-dialog');
		this.room = byId('room-dialog');
		this.asked = 0;		/* changes of the room that are not answered yet */
		this.menu.addEventListener('keydown', (event) => this.#key(event));
		byId('room-tools').addEventListener('click', () => this.#openRoom());
		byId('slow').addEventListener('change', (event) => this.#set('slow', { every: Number(event.target.value) }));
		byId('lock').addEventListener('change', (event) => this.#set(event.target.checked ? 'lock' : 'unlock', {}));
		this.room.addEventListener('close', () => this.on.done());
	}

	/** Whether one may do anything to this user. */
	over(user) {
		return this.on.may('moderate') && user !== this.on.me() && !user.startsWith('@');
	}

	/** What may be done to a user, beside what one clicked on. */
	open(user, at) {
		const model = this.on.model();
		const item = (name, text, run, danger) => {
			const button = make('button', danger ? 'danger' : '', null, icon(name), make('span', '', text));
			button.setAttribute('role', 'menuitem');
			button.addEventListener('click', () => {
				this.close();
				run();
			});
			return button;
		};
		const lift = (act) => () => {
			this.on.act(act, { user }).catch(() => {});
			this.on.done();
		};
		this.menu.replaceChildren(make('div', 'menu-head', null, make('bdi', '', user)),
			model.holds('mute', user) ? item('mute', 'Let write again', lift('unmute')) : item('mute', 'Mute…', () => this.#ask('mute', user)),
			item('out', 'Remove…', () => this.#ask('kick', user)),
			model.holds('ban', user) ? item('ban', 'Lift the ban', lift('unban')) : item('ban', 'Ban…', () => this.#ask('ban', user), true));
		this.menu.setAttribute('aria-label', `Moderate ${user}`);
		this.menu.hidden = false;
		const spot = at.getBoundingClientRect();
		const { offsetWidth: width, offsetHeight: height } = this.menu;
		const below = spot.bottom + 6 + height < innerHeight - 8;
		this.menu.style.left = `${Math.max(8, Math.min(spot.right - width, innerWidth - width - 8))}px`;
		this.menu.style.top = `${below ? spot.bottom + 6 : Math.max(8, spot.top - height - 6)}px`;
		this.menu.querySelector('button').focus();
	}

	/** Closes the menu. Returns whether it was open. */
	close() {
		const was = !this.menu.hidden;
		this.menu.hidden = true;
		return was;
	}

	/** Another room is open: whatever is asked here was about the last one. */
	leave() {
		this.close();
		this.dialog.close();
		this.room.close();
	}

	/** What one may do may have changed. */
	draw() {
		const tools = byId('room-tools');
		tools.hidden = !(this.on.may('moderate') || this.on.may('manage'));
		if (tools.hidden && this.room.open)
			this.room.close();
	}

	/** Something was done in the room. */
	refresh() {
		if (this.room.open)
			this.#fillRoom(this.on.model());
	}

	/* Shows what is, where it did not work. */
	async #set(act, what) {
		this.asked++;
		const done = await this.on.act(act, what).then(() => true, () => false);
		this.asked--;
		if (!done)
			this.refresh();	/* to what holds; otherwise the act's own event does that, which may come after its answer */
	}

	#key(event) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const buttons = [...this.menu.querySelectorAll('button')];
		const at = buttons.indexOf(document.activeElement);
		if (!step || at < 0)
			return;
		event.preventDefault();
		buttons[(at + step + buttons.length) % buttons.length].focus();
	}

	#ask(act, user) {
		const { title, done, text, ends } = ASKS[act];
		byId('mod-title').replaceChildren(`${title} `, make('bdi', '', user), '?');
		byId('mod-text').textContent = text;
		byId('mod-for').closest('label').hidden = !ends;
		byId('mod-reason').value = '';
		byId('mod-problem').hidden = true;
		byId('mod-do').textContent = done;
		byId('mod-form').onsubmit = (event) => this.#submit(event, act, user);
		this.dialog.onclose = () => this.on.done();
		this.dialog.showModal();
		byId(ends ? 'mod-for' : 'mod-reason').focus();
	}

	#submit(event, act, user) {
		const reason = byId('mod-reason').value.trim();
		if (event.submitter?.value === 'no')
			return;
		if (new TextEncoder().encode(reason).length > REASON_MAX) {
			event.preventDefault();
			byId('mod-problem').hidden = false;
			byId('mod-problem').textContent = 'That is too long.';
			return;
		}
		const what = { user };
		if (ASKS[act].ends && Number(byId('mod-for').value))
			what.for = Number(byId('mod-for').value);
		if (reason)
			what.reason = reason;
		this.on.act(act, what).catch(() => {});
	}

	#openRoom() {
		this.#fillRoom(this.on.model());
		this.room.showModal();
	}

	#fillRoom(model) {
		const every = model.rule('slow') || 0;
		const slow = byId('slow');
		byId('room-title').textContent = model.name;
		byId('room-manage').hidden = !this.on.may('manage');
		if (![...slow.options].some((option) => Number(option.value) === every))
			slow.append(new Option(`Every ${duration(every)}`, String(every)));
		if (!this.asked) {	/* what was just chosen stands until it is answered, whatever else happens in the room */
			slow.value = String(every);
			byId('lock').checked = model.rule('lock') === true;
		}
		const held = model.held().map(({ act, user, until }) => {
			const lift = make('button', 'text-button', act === 'ban' ? 'Lift' : 'Let write');
			const state = `${act === 'ban' ? 'banned' : 'muted'}${until === Infinity ? '' : ` ${endOf(until)}`}`;
			lift.type = 'button';
			lift.setAttribute('aria-label', `${act === 'ban' ? 'Lift the ban on' : 'Unmute'} ${user}`);
			lift.addEventListener('click', () => this.#set(`un${act}`, { user }));
			return make('li', '', null, make('span', '', null, make('bdi', 'held-name', user), make('span', 'held-state', state)), lift);
		});
		byId('held-none').hidden = held.length > 0;
		byId('held').replaceChildren(...(this.on.may('moderate') ? held : []));
	}
}
