/* app.js - the page: rooms, people, the connection, and what one types. Messages are drawn by timeline.js. */

import { Uproar } from './uproar.js';
import { RoomModel } from './model.js';
import { Timeline } from './timeline.js';
import { Composer } from './composer.js';
import { Search } from './search.js';
import { Moderation, endOf, duration } from './moderation.js';
import { askToken, dropToken, keepToken, mind, token } from './account.js';
import { make, icon, setAvatar, nameList } from './text.js';

const ROOM = /^[A-Za-z0-9_.:@~-]{1,128}$/;
const FIRST_ROOM = 'general';
const PAGE = 50;
const REACTIONS = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '🔥', '👏', '✅', '👀', '🚀'];
const WORDS = {
	bad_request: 'the server did not understand it', forbidden: 'you may not do that here',
	too_large: 'it is too long', gone: 'it is no longer there', limit: 'a limit is reached',
	bad_room: 'that is no name for a room', unavailable: 'the server cannot do it now', closed: 'the room was left',
	banned: 'you are banned from this room', muted: 'you are muted', read_only: 'this room is locked',
	removed: 'you were removed from this room', not_joined: 'you are not in this room', unsupported: 'this room has no moderation',
	slow_mode: 'this room is slow', rate_limited: 'too much at once',
	lost: 'the connection was lost, so look whether it was done',
};

const byId = (id) => document.getElementById(id);
const shell = byId('shell');
const rooms = new Map();	/* name -> RoomModel */
let active = null;
let past = null;	/* a part of the active room's past that is shown instead of its end */
let chat = null;
let timeline = null;
let composer = null;
let search = null;
let moderation = null;
let endsAt = 0;		/* when the token ends, if it was said */
let unsaid = 0;

/* What is remembered between visits; a browser may refuse to. */
const memory = {
	get(key, otherwise) {
		try {
			return JSON.parse(localStorage.getItem(`uproar.${key}`)) ?? otherwise;
		} catch {
			return otherwise;
		}
	},
	set(key, value) {
		try {
			localStorage.setItem(`uproar.${key}`, JSON.stringify(value));
		} catch {
			/* then not */
		}
	},
};

/* What is unsent survives a reload where the browser keeps things. */
function unsentStorage() {
	try {
		return localStorage;
	} catch {
		return undefined;
	}
}

/* ---- rooms ---- */

function roomInHash() {
	let name = '';
	try {
		name = decodeURIComponent(location.hash.slice(1));
	} catch {
		/* a stray % */
	}
	return ROOM.test(name) ? name : '';
}

const wordsOf = (error) => `${WORDS[error.code] || error.message}${error.retryMs ? ` ${endOf(Date.now() + error.retryMs)}` : ''}`;

/* Who may manage a room may moderate it. */
const includes = (rights, right) => rights.includes(right) || (right === 'moderate' && rights.includes('manage'));
const may = (right) => active !== null && active.out === null && includes(chat.rights(active.name), right);

/* What one may do is not known before the room is joined. */
const reads = () => active !== null && active.out === null && (!chat.rights(active.name).length || may('history'));

function join(model) {
	model.out = null;
	chat.join(model.name, { presence: true, limit: PAGE }).catch(() => {});
}

function addRoom(name) {
	if (rooms.has(name))
		return rooms.get(name);
	const model = new RoomModel(name);
	rooms.set(name, model);
	memory.set('rooms', [...rooms.keys()]);
	join(model);
	return model;
}

function openRoom(name) {
	const model = addRoom(name);
	if (active && active !== model) {
		active.newSeq = active.unread ? active.newSeq : 0;
		active.draft = composer.draft();
	}
	if (active !== model)
		search.room(name);
	active = model;
	past = null;
	moderation.leave();
	letGo();
	memory.set('active', name);
	if (roomInHash() !== name)
		history.replaceState(null, '', `#${name}`);
	byId('title').textContent = name;
	composer.open(model.draft, `Message #${name}`);
	drawStanding();
	timeline.show(model);
	closeDrawers();
	seen();
	drawRooms();
	drawPeople();
	drawTyping();
}

function leaveRoom(name) {
	chat.leave(name);
	forgetRoom(name);
}

function forgetRoom(name) {
	const model = rooms.get(name);
	rooms.delete(name);
	memory.set('rooms', [...rooms.keys()]);
	if (active === model) {
		const next = [...rooms.keys()].pop();
		active = null;
		if (next)
			openRoom(next);
		else
			closeRoom();
	}
	drawRooms();
}

function closeRoom() {
	history.replaceState(null, '', location.pathname);
	past = null;
	moderation.leave();
	letGo();
	search.close();
	byId('title').textContent = '';
	composer.close();
	drawStanding();
	timeline.show(null);
	drawPeople();
	drawTyping();
}

/* What was asked about a message that was shown. */
function letGo() {
	closePicker();
	byId('ask-dialog').close();
}

/* The room's log is read anew, and may be another one: a number may be another message's. */
function clear(model) {
	model.clear();
	if (model !== active)
		return;
	letGo();
	releaseEdit();
}

function releaseEdit() {
	if (composer.release())
		toast('The message that you were editing is out of reach. What you wrote is a draft now.');
}

/* A page that is left open for weeks keeps of a room what one may be reading; the rest is loaded again when one goes there. */
function trim(model) {
	const isShown = model === timeline.model;
	if (!model.trim(isShown ? timeline.shownFrom : Infinity) || !isShown)
		return;
	if (Number(byId('picker').dataset.from) < model.low)
		closePicker();
	if (composer.editing?.seq < model.low)
		releaseEdit();
	timeline.refreshTop();
}

/* Puts items in a list in their order. Those that stay are not touched: a click on them may be half done. */
function arrange(list, items) {
	const held = [...list.querySelectorAll('button')].indexOf(document.activeElement);
	const wanted = new Set(items);
	for (const item of [...list.children])
		if (!wanted.has(item))
			item.remove();
	items.forEach((item, i) => {
		if (list.children[i] !== item)
			list.insertBefore(item, list.children[i] || null);
	});
	if (held >= 0 && !list.contains(document.activeElement))
		list.querySelectorAll('button')[held]?.focus();
}

const roomItems = new Map();

function roomItem(name) {
	const open = make('button', 'room', null, make('span', 'hash', '#'), make('span', 'room-name', name));
	const leave = make('button', 'icon leave', null, icon('close'));
	open.addEventListener('click', () => {
		openRoom(name);
		composer.focus();
	});
	leave.title = `Leave ${name}`;
	leave.setAttribute('aria-label', `Leave ${name}`);
	leave.addEventListener('click', () => leaveRoom(name));
	return make('li', '', null, open, leave);
}

function drawRoom(model, item) {
	const open = item.firstElementChild;
	const wanted = !model.unread ? '' : model.unread > 99 ? '99+' : String(model.unread);
	let badge = open.querySelector('.badge');
	if (model === active)
		open.setAttribute('aria-current', 'page');
	else
		open.removeAttribute('aria-current');
	open.classList.toggle('unread', model.unread > 0);
	if (wanted === (badge ? badge.firstChild.data : ''))
		return;
	badge?.remove();
	if (wanted) {
		badge = make('span', 'badge', wanted);
		badge.append(make('span', 'hidden', ' unread'));
		open.append(badge);
	}
}

function drawRooms() {
	for (const name of [...roomItems.keys()])
		if (!rooms.has(name))
			roomItems.delete(name);
	for (const model of rooms.values()) {
		if (!roomItems.has(model.name))
			roomItems.set(model.name, roomItem(model.name));
		drawRoom(model, roomItems.get(model.name));
	}
	arrange(byId('rooms'), [...rooms.keys()].map((name) => roomItems.get(name)));
	const unread = [...rooms.values()].reduce((sum, model) => sum + model.unread, 0);
	byId('menu-dot').hidden = unread === (active ? active.unread : 0);
	document.title = `${unread ? `(${unread}) ` : ''}${active ? `#${active.name} · ` : ''}Uproar`;
}

/* What is on the screen is read. */
function seen() {
	if (!active || past || !active.live || document.hidden || !timeline.stuck)
		return;
	const last = chat.position(active.name);
	if (!last || (active.readSeq >= last.seq && !active.unread))
		return;
	active.readSeq = last.seq;
	active.unread = 0;
	chat.read(active.name, last.seq);
	memory.set(`read.${active.name}`, last);
	drawRooms();
}

/* ---- what the server says ---- */

function listen() {
	chat.on('state', drawState);
	chat.on('reset', ({ room }) => rooms.has(room) && clear(rooms.get(room)));
	chat.on('joined', joined);
	chat.on('delayed', ({ room, error }) => {
		const model = rooms.get(room);
		if (!model)
			return;
		model.delayed = WORDS[error.code] || error.message;
		if (model === active)
			drawStanding();
	});
	chat.on('refused', ({ room, error }) => {
		if (error.code === 'banned' && rooms.has(room)) {
			putOut({ room, act: 'ban', until: error.retryMs ? Date.now() + error.retryMs : undefined });
			return;
		}
		toast(`#${room} could not be joined: ${WORDS[error.code] || error.message}.`);
		forgetRoom(room);
	});
	chat.on('removed', putOut);
	chat.on('expiring', ({ inMs }) => {
		endsAt = Date.now() + inMs;
		drawBanner();
	});
	for (const type of ['msg', 'edit', 'del', 'react', 'mod'])
		chat.on(type, entry);
	chat.on('in', ({ room, user, n }) => people(room, n, (present) => present.set(user, 1)));
	chat.on('out', ({ room, user, n }) => people(room, n, (present) => present.delete(user)));
	chat.on('count', ({ room, n }) => people(room, n, null));
	chat.on('slow', ({ room }) => rooms.has(room) && askPeople(rooms.get(room)));
	chat.on('typing', ({ room, from, ttl_ms: ttl }) => {
		if (from === chat.user)
			return;
		rooms.get(room)?.typing.set(from, Date.now() + Math.min(ttl || 6000, 20000));
		drawTyping();
	});
	chat.on('lagged', fillGap);
	chat.on('outbox', sending);
}

function joined(answer) {
	const model = rooms.get(answer.room);
	if (!model)
		return;
	const anew = answer.recovered !== true;
	if (anew)
		clear(model);
	model.filling = anew;
	model.shut = '';
	model.delayed = '';
	model.epoch = answer.epoch;
	model.first = answer.first;
	if (anew)
		model.low = answer.events.length ? answer.events[0].seq : answer.seq + 1;
	model.ruleIs('slow', answer.seq, answer.every || 0);
	model.ruleIs('lock', answer.seq, answer.locked === true);
	setPeople(model, answer);
	drawStanding();
	queueMicrotask(() => settle(model, anew));
}

/* The entries of a join's answer have all been taken in. */
function settle(model, anew) {
	model.filling = false;
	model.live = true;
	if (!anew) {
		if (model === timeline.model)
			timeline.refreshTop();
		return;
	}
	const mark = memory.get(`read.${model.name}`, null);
	model.unread = 0;
	model.newSeq = 0;
	if (mark && mark.epoch === model.epoch) {
		const fresh = model.order.filter((seq) => seq > mark.seq && !model.messages.get(seq).mod &&
			model.messages.get(seq).from !== chat.user);
		model.unread = fresh.length;
		model.newSeq = fresh[0] || 0;
	}
	if (model === active) {
		past = null;
		timeline.show(model);
		seen();
	}
	drawRooms();
}

function entry(event) {
	const model = rooms.get(event.room);
	if (!model)
		return;
	const waiting = model.pending.length;
	const known = model.messages.has(event.seq);
	const changed = model.take(event);
	const isNew = event.ev === 'msg' && changed && !known;
	if (model.filling)
		return;
	if (isNew && event.from !== chat.user) {
		model.typing.delete(event.from);
		countUnread(model, event);
	}
	if (model !== active) {
		trim(model);
		return;
	}
	if (past && event.ev !== 'msg' && past.messages.has(event.target))
		timeline.update(past.take(event));
	else if (!past && changed)
		timeline.update(changed);
	trim(model);
	if (waiting !== model.pending.length)
		timeline.showPending();
	if (event.ev === 'mod') {
		drawStanding();
		drawPeople();
		moderation.refresh();
	}
	drawTyping();
	seen();
}

/* One is not in the room any more, or was not let in. What was said up to then stays on the screen. */
function putOut({ room, act, until, reason }) {
	const model = rooms.get(room);
	if (!model)
		return;
	model.out = { act, until, reason };
	model.live = true;
	model.present.clear();
	model.count = 0;
	model.typing.clear();
	if (model !== active)
		return;
	drawStanding();
	drawPeople();
	drawTyping();
	timeline.refreshTop();
}

/* When something ends, in words that do not change at every second: they would be read aloud. */
const endsOf = (until) => until - Date.now() < 60000 ? 'for less than a minute' : endOf(until);

/* What one may not do in the room, and why. */
function standing() {
	if (!active)
		return {};
	const { out } = active;
	if (out) {
		const how = { kick: 'You were removed from this room', ban: 'You are banned from this room' }[out.act] || 'You may not read this room any more';
		const ends = out.act === 'ban' && out.until ? ` ${endsOf(out.until)}` : '';
		const over = out.act === 'kick' || (out.until && out.until <= Date.now());
		return { text: `${how}${over ? '' : ends}${out.reason ? `: ${out.reason}` : ''}.`, block: 'You are not in this room', again: over, bad: true };
	}
	if (active.delayed)
		return { text: `This room cannot be joined now: ${active.delayed}. It is tried again by itself.` };
	const rights = chat.rights(active.name);
	const until = active.rule(`mute ${chat.user}`) || 0;
	const moderates = includes(rights, 'moderate');
	if (rights.length && !rights.includes('send'))
		return { text: 'You may read here, but not write.', block: 'You may not write here' };
	if (until > Date.now())
		return { text: `You are muted${until === Infinity ? '' : ` ${endsOf(until)}`}.`, block: 'You are muted', bad: true };
	if (active.rule('lock'))
		return { text: 'This room is locked: only moderators may write.', block: moderates ? '' : 'This room is locked' };
	if (active.rule('slow'))
		return { text: `This room is slow: a message every ${duration(active.rule('slow')).replace(/^1 /, '')}.` };
	return {};
}

function drawStanding() {
	const { text = '', block = '', again = false, bad = false } = standing();
	byId('standing').hidden = !text;
	byId('standing').classList.toggle('bad', bad);
	byId('standing-do').hidden = !again;
	if (byId('standing-text').textContent !== text)
		byId('standing-text').textContent = text;
	composer.block(block);
	moderation.draw();
}

/* What a moderator does. Rejected after it was said why it did not work. */
async function moderate(act, what) {
	try {
		await chat.mod(active.name, act, what);
	} catch (error) {
		toast(error.code === 'forbidden' ? 'You may not do that to them.' : `That did not work: ${wordsOf(error)}.`);
		throw error;
	}
}

function countUnread(model, event) {
	if (model === active && !past && !document.hidden && timeline.stuck)
		return;
	if (!model.unread)
		model.newSeq = event.seq;
	model.unread++;
	drawRooms();
}

/* Entries the server could not give may still be in its history, the latest of them at the longest. */
async function fillGap({ room, after, next, n }) {
	const model = rooms.get(room);
	const gap = { after, next, n };
	if (!model)
		return;
	model.gaps.push(gap);
	try {
		while (gap.n > 0 && model.gaps.includes(gap)) {
			const page = await chat.history(room, { before: gap.next, limit: 200 });
			if (page.epoch !== model.epoch)
				return;		/* nothing of it is shown any more */
			const missed = page.events.filter((event) => event.seq > after);
			if (!missed.length)
				break;
			for (const event of missed)
				entry(event);
			gap.next = missed[0].seq;
			gap.n = gap.next - after - 1;
		}
	} catch {
		/* the rest stays a gap, and is shown as one */
	}
	if (gap.n <= 0)
		model.gaps = model.gaps.filter((other) => other !== gap);
	const behind = model.order[model.indexOf(gap.next)];
	if (model === active && !past && behind)
		timeline.update(behind);	/* the line above it says what is missing */
}

async function loadOlder(model) {
	const { low } = model;
	const page = await chat.history(model.name, { before: low, limit: PAGE });
	if (page.epoch !== model.epoch || low !== model.low)
		return;		/* the room was read anew meanwhile */
	model.first = page.first;
	if (page.events.length)
		model.low = Math.min(model.low, page.events[0].seq);
	for (const event of page.events) {
		const changed = model.take(event);
		if (model === timeline.model && changed && event.ev !== 'msg')
			timeline.update(changed);
	}
	if (!page.more || !page.events.length)
		model.low = Math.min(model.low, model.first);
}

/* ---- the past ---- */

async function loadNewer(part) {
	const page = await chat.history(part.name, { after: part.high, limit: PAGE });
	if (part !== past || page.epoch !== part.epoch)
		return;
	for (const event of page.events) {
		const changed = part.take(event);
		if (changed && event.ev !== 'msg')
			timeline.update(changed);
	}
	part.high = page.events.length ? page.events[page.events.length - 1].seq : active.low;
	if (part.high + 1 < active.low)
		return;
	const place = timeline.place();
	active.absorb(part);
	past = null;
	timeline.show(active, ...place);
}

function showLatest() {
	if (past) {
		past = null;
		timeline.show(active);
	}
	timeline.toEnd();
}

/* What lies around a message, as a model of its own. An edit of it may be on no page near. */
async function partAround(model, found) {
	const page = await chat.history(model.name, { around: found.seq, limit: PAGE });
	const part = new RoomModel(model.name);
	part.live = true;
	part.epoch = page.epoch;
	part.first = page.first;
	part.low = page.events.length ? page.events[0].seq : found.seq;
	for (const event of page.events)
		part.take(event);
	part.high = page.events.length ? page.events[page.events.length - 1].seq : found.seq;
	if (found.rev && !part.note(found.seq).editSeq)
		Object.assign(part.note(found.seq), { editSeq: found.seq, data: found.data });
	return part;
}

/* Goes to what a search has found, and shows what was said around it. */
async function jump(found) {
	const model = active;
	if (!isWide())
		search.close();
	if (!timeline.model.messages.has(found.seq)) {
		let next = model;
		if (!model.messages.has(found.seq)) {
			try {
				next = await partAround(model, found);
			} catch (error) {
				toast(`That did not work: ${WORDS[error.code] || error.message}.`);
				return;
			}
			if (model !== active || next.epoch !== model.epoch)
				return;
			if (!next.messages.has(found.seq)) {
				toast('This message is no longer kept.');
				return;
			}
			if (next.high + 1 >= model.low) {
				model.absorb(next);
				next = model;
			}
		}
		past = next === model ? null : next;
		timeline.show(next, found.seq);
	}
	timeline.jump(found.seq);
}

/* ---- people ---- */

function setPeople(model, { users = [], users_more: more = false, n }) {
	if (!model)
		return;
	model.present = new Map(users.map((user) => [user.id, user.n]));
	model.presentMore = more;
	model.count = n;
	if (model === active)
		drawPeople();
}

/* Of a large room only the number is said. Once more is, who came and went meanwhile is asked for. */
function people(name, n, change) {
	const model = rooms.get(name);
	if (!model)
		return;
	model.count = n;
	if (!change)
		model.presentMore = model.counted = true;
	else
		change(model.present);
	if (change && model.counted)
		askPeople(model);
	if (model === active)
		drawPeople();
}

function askPeople(model) {
	model.counted = false;
	chat.presence(model.name).then((now) => setPeople(model, now), () => {
		model.counted = true;
	});
}

let personItems = new Map();	/* user -> {look, item} */

function personItem(user, muted, own, over) {
	const avatar = setAvatar(make('span'), user);
	avatar.setAttribute('aria-hidden', 'true');
	const item = make('li', '', null, avatar, make('bdi', 'person', user));
	if (muted)
		item.append(make('span', 'you', 'muted'));
	if (own)
		item.append(make('span', 'you', 'you'));
	if (over) {
		const more = make('button', 'icon more', null, icon('shield'));
		more.title = `Moderate ${user}`;
		more.setAttribute('aria-label', `Moderate ${user}`);
		more.setAttribute('aria-haspopup', 'menu');
		more.addEventListener('click', () => moderation.open(user, more));
		item.append(more);
	}
	return item;
}

function drawPeople() {
	const here = active ? [...active.present.keys()].sort((a, b) => a.localeCompare(b)) : [];
	const total = active ? (active.presentMore ? active.count : here.length) : 0;
	byId('people-count').textContent = String(total);
	byId('people-total').textContent = String(total);
	personItems = new Map(here.map((user) => {
		const traits = [Boolean(active.holds('mute', user)), user === chat.user, Boolean(moderation.over(user))];
		const look = traits.join();
		const known = personItems.get(user);
		return [user, known?.look === look ? known : { look, item: personItem(user, ...traits) }];
	}));
	const items = here.map((user) => personItems.get(user).item);
	if (active && active.presentMore)
		items.push(make('li', 'others', 'and others'));
	arrange(byId('people-list'), items);
}

function drawTyping() {
	const now = Date.now();
	const names = [];
	for (const [user, until] of active ? active.typing : []) {
		if (until > now)
			names.push(user);
		else
			active.typing.delete(user);
	}
	byId('typing').classList.toggle('shown', names.length > 0);
	if (names.length)
		byId('typing-text').textContent = `${nameList(names, 3)} ${names.length === 1 ? 'is' : 'are'} typing`;
}

/* ---- the connection ---- */

let connection = { state: 'connecting', attempt: 0 };
let connectingSince = Date.now();

function drawState(change) {
	if (change.state === 'connecting' && connection.state !== 'connecting')
		connectingSince = Date.now();
	connection = change.state === 'offline' ? { ...connection, ...change } : change;
	drawBanner();
	if (change.state === 'waiting' || change.state === 'offline') {
		for (const model of rooms.values())
			model.typing.clear();
		drawTyping();
	}
	if (change.state !== 'connected')
		endsAt = 0;
	if (change.state === 'closed' && change.fatal && (change.code === 4410 || change.error?.code === 'unauthorized'))
		signIn(change);
	if (active)
		timeline.showPending();
	if (change.state === 'connected') {
		byId('my-name').textContent = chat.user;
		setAvatar(byId('my-avatar'), chat.user);
		drawPeople();
		if (active)
			timeline.refreshTop();
	}
}

/* What counts down beside a text is not read aloud at every second. */
function tell(at, text, count) {
	if (at.dataset.text !== text) {
		at.dataset.text = text;
		at.replaceChildren(text, make('span'));
		at.lastChild.setAttribute('aria-hidden', 'true');
	}
	if (at.lastChild.textContent !== count)
		at.lastChild.textContent = count;
}

function drawBanner() {
	const { state, at, attempt, reason, fatal, error, until } = connection;
	const banned = state === 'closed' && error?.code === 'banned';
	const over = banned && until <= Date.now();
	const seconds = Math.ceil(((at || 0) - Date.now()) / 1000);
	const words = { connected: 'Connected', connecting: attempt ? 'Reconnecting' : 'Connecting',
		waiting: 'Reconnecting', offline: 'Offline', closed: 'Not connected' };
	let text = '';
	let count = '';
	if (state === 'connecting' && Date.now() - connectingSince > 1000)
		text = attempt ? 'Reconnecting…' : 'Connecting…';
	else if (state === 'waiting')
		[text, count] = seconds > 0 ? ['Connection lost. Reconnecting', ` in ${seconds} s`] : ['Reconnecting…', ''];
	else if (state === 'offline')
		text = 'You are offline. What you write is sent when you are back.';
	else if (state === 'connected' && endsAt)
		[text, count] = ['Your token ends soon', `, in ${duration((endsAt - Date.now()) / 1000)}.`];
	else if (over)
		text = 'You were banned from this server. The ban has ended.';
	else if (banned)
		text = `You are banned from this server${until ? ` ${endsOf(until)}` : ''}.`;
	else if (state === 'closed' && fatal)
		text = `The server ended the connection${reason ? `: ${reason}` : ''}.`;
	byId('my-state').textContent = words[state];
	byId('my-state').dataset.state = state;
	document.body.dataset.state = state;
	byId('banner').hidden = !text && !(state === 'connecting' && attempt && !byId('banner').hidden);
	if (text)
		tell(byId('banner-text'), text, count);
	byId('banner-now').hidden = state === 'connecting' || (banned && !over);
	byId('banner-now').textContent = state === 'connected' ? 'Renew' : 'Try now';
	byId('banner').dataset.state = state;
}

/* ---- who one is ---- */

function useToken(text) {
	keepToken(text);
	location.reload();
}

/* The server does not take one as one is. */
function signIn({ code }) {
	const why = code === 4410 ? 'Your token has ended. Go on with a new one.'
		: token() === undefined ? 'This server lets in who has a token. Yours comes from whoever runs it.'
			: 'The server does not take this token: it may have ended, or be for another server.';
	dropToken();
	askToken(why, true).then(useToken, () => {});
}

/* Before the token ends. Whatever comes of it, the connection is good until then. */
async function renew() {
	let text;
	try {
		text = await askToken('Your token ends soon. Go on with a new one.', false);
	} catch {
		return;
	}
	try {
		await chat.refresh(text);
		endsAt = 0;
	} catch (error) {
		toast(`The server does not take this token: ${error.message}.`);
	}
	drawBanner();
}

/* ---- what one says ---- */

function say(text) {
	const model = active;
	const data = { text };
	const { cid } = chat.send(model.name, data);
	/* What the client itself refuses was never in its outbox. */
	if (!cid)
		sending({ room: model.name, cid: `unsaid ${++unsaid}`, op: 'send', state: 'failed', at: Date.now(), data,
			error: { code: 'too_large' } });
	model.newSeq = model.unread ? model.newSeq : 0;
	showLatest();
}

/* Also of what an earlier visit left. Its event and its acknowledgement come in either order. */
function sending({ state, ack, error, ...unsent }) {
	const model = rooms.get(unsent.room);
	if (!model || unsent.op !== 'send')
		return;
	const message = model.pend({ ...unsent, error }, chat.user);
	if (state === 'sent') {
		model.unpend(message);
		if (ack.epoch === model.epoch)
			entry({ ev: 'msg', room: model.name, seq: ack.seq, ts: ack.ts, from: chat.user, cid: unsent.cid, data: unsent.data });
	} else if (state === 'failed') {
		message.failed = wordsOf(error);
		if (error.code === 'muted') {
			model.ruleIs(`mute ${chat.user}`, (chat.position(model.name)?.seq || 0) + 0.5,
				error.retryMs ? Date.now() + error.retryMs : Infinity);
			drawStanding();
		}
	}
	redrawPending(model);
}

function redrawPending(model) {
	if (model === active)
		timeline.showPending();
}

/* Shows at once what is asked for, until it is acknowledged or refused. */
function hope(model, seq, kind, wish, asked, event) {
	const redraw = () => {
		const now = model.into || model;
		if (now === timeline.model && now.messages.has(seq))
			timeline.update(seq);
	};
	(model.into || model).note(seq).hopes.set(kind, wish);
	asked.then((ack) => {
		const now = model.into || model;
		model.settle(seq, kind, wish);
		if (ack.epoch === now.epoch)
			now.take({ ...event, room: now.name, target: seq, seq: ack.seq, ts: ack.ts, from: chat.user });
		redraw();
	}, (error) => {
		model.settle(seq, kind, wish);
		redraw();
		toast(`That did not work: ${wordsOf(error)}.`);
	});
	redraw();
}

/* The part of the past in which one began to edit may be shown no more, or have become known in the room. */
function edit({ model, seq }, text) {
	const data = { ...model.look(seq, chat.user).data, text };
	const shown = timeline.model.messages.has(seq) ? timeline.model : model;
	hope(shown, seq, 'edit', { data }, chat.edit(model.name, seq, data), { ev: 'edit', data });
}

function react(model, seq, key, on) {
	hope(model, seq, `react ${key}`, { on }, chat.react(model.name, seq, key, on), { ev: 'react', key, on });
}

function act(what, seq, detail) {
	if (what === 'react' && detail instanceof Element)
		openPicker(seq, detail);
	else if (what === 'react')
		react(timeline.model, seq, detail.key, detail.on);
	else if (what === 'edit')
		composer.edit({ model: timeline.model, seq }, timeline.model.look(seq, chat.user).data.text);
	else if (what === 'del')
		remove(seq);
	else if (what === 'moderate')
		moderation.open(timeline.model.messages.get(seq).from, detail);
	else
		again(what, detail);
}

/* A message that failed: tried once more, or thrown away. */
function again(what, message) {
	active.unpend(message);
	redrawPending(active);
	if (what === 'retry')
		say(message.data.text);
}

function remove(seq) {
	const model = timeline.model;
	const dialog = byId('ask-dialog');
	const { name, epoch } = model;
	const { from } = model.messages.get(seq);
	byId('ask-title').replaceChildren(...(from === chat.user ? ['Delete this message?'] : ['Delete this message of ', make('bdi', '', from), '?']));
	dialog.returnValue = 'no';
	dialog.showModal();
	dialog.onclose = () => {
		if (dialog.returnValue === 'yes' && rooms.get(name)?.epoch === epoch)
			hope(model, seq, 'del', {}, chat.del(name, seq), { ev: 'del' });
		composer.focus();
	};
}

/* ---- small things on top ---- */

function openPicker(seq, at) {
	const picker = byId('picker');
	const model = timeline.model;
	picker.replaceChildren(...REACTIONS.map((key) => {
		const button = make('button', 'emoji', key);
		button.setAttribute('role', 'menuitem');
		button.addEventListener('click', () => {
			closePicker();
			const mine = model.look(seq, chat.user).reactions.some((other) => other.key === key && other.mine);
			react(model, seq, key, !mine);
		});
		return button;
	}));
	picker.hidden = false;
	const spot = at.getBoundingClientRect();
	const { offsetWidth: width, offsetHeight: height } = picker;
	const above = spot.top - height - 6;
	picker.style.left = `${Math.max(8, Math.min(spot.right - width, innerWidth - width - 8))}px`;
	picker.style.top = `${above > 8 ? above : Math.min(spot.bottom + 6, innerHeight - height - 8)}px`;
	picker.dataset.from = seq;
	picker.firstChild.focus();
}

function closePicker() {
	const picker = byId('picker');
	if (picker.hidden)
		return false;
	picker.hidden = true;
	composer.focus();
	return true;
}

function closeMenu() {
	const was = moderation.close();
	if (was)
		composer.focus();
	return was;
}

function pickerKey(event) {
	const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 6, ArrowUp: -6 }[event.key];
	const buttons = [...byId('picker').children];
	const at = buttons.indexOf(document.activeElement);
	if (!step || at < 0)
		return;
	event.preventDefault();
	buttons[(at + step + buttons.length) % buttons.length].focus();
}

let toastTimer = 0;
function toast(text) {
	byId('toast').textContent = text;
	byId('toast').hidden = false;
	clearTimeout(toastTimer);
	toastTimer = setTimeout(() => {
		byId('toast').hidden = true;
	}, 6000);
}

const isWide = () => matchMedia('(min-width: 1120px)').matches;
const isNarrow = () => matchMedia('(max-width: 819px)').matches;

function setDrawer(name, open) {
	shell.classList.toggle(`${name}-open`, open);
	byId(name === 'rooms' ? 'menu' : 'people-toggle').setAttribute('aria-expanded', String(open));
	drawVeil();
}

function drawVeil() {
	byId('veil').hidden = !(shell.classList.contains('rooms-open') || (shell.classList.contains('people-open') && !isWide()));
}

function turnSearch(open) {
	shell.classList.toggle('search-open', open);
	byId('search-toggle').setAttribute('aria-expanded', String(open));
	if (open)
		closeDrawers();
	else if (byId('search').contains(document.activeElement))
		composer.focus();
}

/* A key that is not meant for a field. Returns whether it opened the search. */
function searchKey(event) {
	const inField = event.target.closest?.('input, textarea') !== null;
	const slash = event.key === '/' && !inField && !event.ctrlKey && !event.metaKey && !event.altKey;
	const combined = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
	if (!active || document.querySelector('dialog[open]') || !(slash || combined))
		return false;
	event.preventDefault();
	search.open();
	return true;
}

/* Returns whether there was one to close. */
function closeDrawers() {
	const open = (isNarrow() && shell.classList.contains('rooms-open')) ||
		(!isWide() && shell.classList.contains('people-open'));
	setDrawer('rooms', false);
	if (!isWide())
		setDrawer('people', false);
	return open;
}

function wire() {
	byId('join').addEventListener('submit', (event) => {
		event.preventDefault();
		const name = byId('join-name').value.trim().replace(/^#/, '').replace(/\s+/g, '-');
		if (!ROOM.test(name)) {
			toast('A room is named with letters, digits and _ . : @ ~ -');
			return;
		}
		byId('join-name').value = '';
		openRoom(name);
		composer.focus();
	});
	byId('rename').addEventListener('click', () => {
		if (token() === undefined) {
			askName().then(() => location.reload(), () => {});
			return;
		}
		dropToken();
		location.reload();
	});
	byId('banner-now').addEventListener('click', () => {
		if (endsAt)
			renew();
		else
			chat.connect();
	});
	byId('standing-do').addEventListener('click', () => {
		join(active);
		drawStanding();
		timeline.refreshTop();
	});
	byId('menu').addEventListener('click', () => {
		setDrawer('rooms', true);
		byId('rooms').querySelector('[aria-current]')?.focus();
	});
	byId('people-toggle').addEventListener('click', () => {
		setDrawer('people', search.close() || !shell.classList.contains('people-open'));
		memory.set('people', shell.classList.contains('people-open'));
	});
	byId('search-toggle').addEventListener('click', () => {
		if (!search.close())
			search.open();
	});
	byId('people-close').addEventListener('click', () => {
		setDrawer('people', false);
		memory.set('people', false);
		byId('people-toggle').focus();
	});
	byId('veil').addEventListener('click', closeDrawers);
	byId('picker').addEventListener('keydown', pickerKey);
	for (const link of document.querySelectorAll('[data-skip]')) {
		link.addEventListener('click', (event) => {
			event.preventDefault();
			byId(link.dataset.skip).focus();
		});
	}
	document.addEventListener('pointerdown', (event) => {
		if (!byId('picker').hidden && !event.target.closest('#picker'))
			closePicker();
		if (!event.target.closest('#mod-menu'))
			moderation.close();
	});
	document.addEventListener('keydown', (event) => {
		if (searchKey(event))
			return;
		if (event.key === 'Escape' && !event.defaultPrevented && !closeMenu() && !closePicker() && !closeDrawers() && !search.close())
			composer.escape();
	});
	document.addEventListener('visibilitychange', seen);
	addEventListener('hashchange', () => {
		if (roomInHash() && roomInHash() !== active?.name)
			openRoom(roomInHash());
	});
	setInterval(() => {
		drawBanner();
		drawStanding();
		drawTyping();
	}, 500);
}

/* Fulfilled with a name the server will take. Rejected when one keeps the old. */
function askName() {
	const dialog = byId('name-dialog');
	const input = byId('name');
	const old = memory.get('name', '');
	input.value = old;
	dialog.showModal();
	input.select();
	return new Promise((done, kept) => {
		byId('use-token').onclick = () => {
			dialog.onclose = null;
			dialog.close();
			askToken('A token says who you are. It comes from whoever runs this server.', false)
				.then(useToken, () => askName().then(done, kept));
		};
		byId('name-form').onsubmit = (event) => {
			const name = input.value.trim();
			const tooLong = new TextEncoder().encode(name).length > 64;
			byId('name-problem').hidden = Boolean(name) && !tooLong;
			byId('name-problem').textContent = tooLong ? 'That is too long.' : 'A name needs a letter.';
			if (!name || tooLong) {
				event.preventDefault();
				return;
			}
			memory.set('name', name);
			dialog.onclose = null;
			done(name);
		};
		mind(dialog, !old, kept);
	});
}

function drawSignedIn() {
	byId('rename').title = 'Sign out';
	byId('rename').setAttribute('aria-label', 'Sign out');
	byId('rename').replaceChildren(icon('out'));
}

async function start() {
	const own = token();
	const name = own === undefined ? memory.get('name', '') || await askName() : undefined;
	byId('my-name').textContent = name || '';
	setAvatar(byId('my-avatar'), name || '');
	if (own !== undefined)
		drawSignedIn();
	chat = new Uproar({ url: '/ws', name, token: own, agent: 'page/1.0', connect: false, storage: unsentStorage() });
	timeline = new Timeline({ me: () => chat.user, reads, older: loadOlder, newer: loadNewer, latest: showLatest,
		connected: () => chat.state === 'connected', bottom: seen, act, over: (user) => moderation.over(user) });
	moderation = new Moderation({ model: () => active, may, me: () => chat.user, act: moderate, done: () => composer.focus() });
	search = new Search({ ask: (query, what) => chat.search(active.name, query, what), jump, turn: turnSearch });
	composer = new Composer({
		say,
		edit,
		typing: () => active && chat.typing(active.name),
		last: () => {
			const message = active && active.lastOf(chat.user);
			return message && { model: active, seq: message.seq };
		},
		look: ({ model, seq }) => model.look(seq, chat.user),
		limit: () => chat.limits.data,
	});
	listen();
	wire();
	setDrawer('people', isWide() && memory.get('people', true));
	const wanted = memory.get('rooms', []).filter((room) => ROOM.test(room));
	for (const room of wanted)
		addRoom(room);
	openRoom(roomInHash() || (wanted.includes(memory.get('active', '')) ? memory.get('active', '') : wanted[0] || FIRST_ROOM));
	chat.connect();
	if (!isNarrow())
		composer.focus();
}

start();
