/* status.js - the status page: asks GET /api/v1/status every two seconds, and shows what it comes to. */

import { Chart } from './chart.js';
import { between, bytes, count, share, span, time } from './figures.js';

const EVERY_MS = 2000;
const ANSWER_MS = 5000;
const KEPT = 150;	/* samples: five minutes */
const KEY = 'uproar-status-key';
const $ = (id) => document.getElementById(id);

const samples = [];	/* of between(), null where there is a gap */

/* The key lives as long as the tab; a browser may refuse to keep it. */
const memory = {
	get() {
		try {
			return sessionStorage.getItem(KEY);
		} catch {
			return null;
		}
	},
	set(text) {
		try {
			sessionStorage.setItem(KEY, text);
		} catch {
			/* then it is asked for again after a reload */
		}
	},
	drop() {
		try {
			sessionStorage.removeItem(KEY);
		} catch {
			/* there is none */
		}
	},
};

let key = memory.get();
let last = null;
let timer = 0;

const charts = [
	new Chart('Messages and deliveries a second', [{ name: 'deliveries', of: (one) => one.deliveries }, { name: 'messages', of: (one) => one.messages }], count),
	new Chart('Time within the server', [{ name: 'delivery p99', of: (one) => one.deliver[1] }, { name: 'p50', of: (one) => one.deliver[0] },
		{ name: 'ack p99', of: (one) => one.ack[1] }], time),
	new Chart('Connections', [{ name: 'open', of: (one) => one.connections }], count),
	new Chart('Bytes a second', [{ name: 'out', of: (one) => one.bytesOut }, { name: 'in', of: (one) => one.bytesIn }], bytes, { base: 1024 }),
];

function cell(name, ...content) {
	const node = document.createElement(name);
	node.append(...content);
	return node;
}

function meter(value) {
	const node = document.createElement('meter');
	Object.assign(node, { min: 0, max: 1, low: 0.7, high: 0.9, optimum: 0, value });
	node.setAttribute('aria-hidden', 'true');
	return node;
}

function table(id, heads, rows) {
	const head = cell('thead', cell('tr', ...heads.map((text) => cell('th', text))));
	const body = cell('tbody', ...rows.map((row) => cell('tr', ...row.map((content) =>
		cell('td', ...(Array.isArray(content) ? content : [content]))))));
	$(id).replaceChildren(head, body);
	$(id).hidden = rows.length === 0;
	$(`${id}-none`)?.toggleAttribute('hidden', rows.length > 0);
}

function used(value) {
	const text = cell('span', share(value));
	text.className = 'used';
	return [meter(Math.min(1, value)), text];
}

function tile(name, value, note, bad = false) {
	const node = cell('div', cell('h2', name), cell('b', value), cell('small', note));
	node.className = bad ? 'tile bad' : 'tile';
	return node;
}

function showTiles(now, change) {
	const sum = (name) => now.counters[name].reduce((all, one) => all + one, 0);
	const memory = Math.max(...now.counters.memory_used) / 1000;
	const most = sum('connections_max');
	$('tiles').replaceChildren(
		tile('Connections', count(now.connections), `of ${count(most)}, ${count(now.sessions)} said hello`, now.connections > most * 0.9),
		tile('Rooms', count(now.rooms), `${count(sum('members'))} memberships`),
		tile('Messages', `${count(change?.messages)}/s`, `${count(change?.deliveries)} deliveries/s`),
		tile('Delivery p99', time(change?.deliver[1]), `ack p99 ${time(change?.ack[1])}`, change?.deliver[1] > 0.25),
		tile('Memory', bytes(now.process.resident_bytes), memory > 0 ? `${share(memory)} of what it may use` : 'no bound set', memory > 0.8),
		tile('Errors', `${count(change?.errors)}/s`, `${count(change?.refused)} requests refused/s`, change?.errors > 0.01 * change?.commands && change?.errors > 1));
}

function showTables(now, change) {
	const of = (name, core) => now.counters[name][core];
	table('cores', ['Core', 'CPU', 'Turns/s', 'Turn p99', 'Connections', 'Rooms', 'Deliveries/s', 'Waits to be sent', 'Fell off'],
		Array.from({ length: now.cores }, (_, core) => {
			const own = change?.cores[core];
			return [String(core), own ? used(own.cpu) : '–', count(own && Math.round(own.turns)), time(own?.turn),
				count(of('connections', core)), count(of('rooms', core)), count(own?.delivered), bytes(of('segment_bytes', core)), count(of('fell_off', core))];
		}));
	const rate = (row, value) => row.over_ms > 0 ? count(value * 1000 / row.over_ms) : '–';
	table('rooms', ['Room', 'Members', 'Events/s', 'Deliveries/s', 'Core'],
		[...now.busy].sort((a, b) => b.deliveries - a.deliveries).slice(0, 12).map((row) =>
			[row.room, count(row.connections), rate(row, row.events), rate(row, row.deliveries), String(row.core)]));
	table('members', ['User', 'No byte for', 'Queued', 'Rooms', 'Connection'],
		[...now.slow].sort((a, b) => b.stuck_ms - a.stuck_ms).slice(0, 12).map((row) =>
			[row.user, time(row.stuck_ms / 1000), bytes(row.queued), count(row.rooms), row.conn]));
	$('store-card').hidden = Object.keys(now.store).length === 0;
	table('store', ['Thread', 'Busy', 'Jobs/s', 'Batches/s', 'Jobs a batch', 'A batch takes', 'Went wrong'],
		Object.keys(now.store).map((name) => {
			const worker = change?.store[name];
			return worker ? [name, used(worker.busy), count(worker.jobs), count(worker.batches),
				count(worker.perBatch), time(worker.mean), count(worker.bad)] : [name, '–', '–', '–', '–', '–', '–'];
		}));
}

function show(now) {
	const change = between(last, now);
	if (last || samples.length)
		samples.push(change);
	samples.splice(0, samples.length - KEPT);
	last = now;
	$('facts').textContent = `Uproar ${now.server}, up ${span(now.uptime_ms)}, ${now.cores} ${now.cores === 1 ? 'core' : 'cores'}` +
		`${now.draining ? ', about to end' : ''}`;
	live(true, 'live');
	showTiles(now, change);
	for (const chart of charts)
		chart.update(samples);
	showTables(now, change);
	document.body.dataset.state = change ? 'live' : 'first';
}

function live(good, text) {
	$('live').textContent = text;
	$('live').classList.toggle('lost', !good);
}

function lock(problem) {
	clearTimeout(timer);
	memory.drop();
	key = null;
	last = null;
	samples.length = 0;
	$('main').hidden = $('forget').hidden = true;
	$('unlock').hidden = false;
	$('problem').hidden = !problem;
	$('problem').textContent = problem;
	$('facts').textContent = '';
	live(true, '');
	document.body.dataset.state = 'locked';
	$('key').focus();
}

const REFUSED = { 401: 'This key is not known here.', 403: 'This key is not for the status: it needs the scope metrics or admin.' };

async function ask() {
	const asked = key;
	clearTimeout(timer);
	try {
		const answer = await fetch('/api/v1/status', { headers: { Authorization: `Bearer ${key}` }, cache: 'no-store',
			signal: AbortSignal.timeout(ANSWER_MS) });
		if (REFUSED[answer.status]) {
			lock(REFUSED[answer.status]);
			return;
		}
		if (!answer.ok)
			throw new Error(String(answer.status));
		const now = await answer.json();
		if (asked !== key)
			return;
		memory.set(key);
		$('unlock').hidden = true;
		$('main').hidden = $('forget').hidden = false;
		show(now);
	} catch {
		if (asked !== key)
			return;
		/* What comes after it is not compared with what was before. */
		if (last)
			samples.push(null);
		last = null;
		live(false, 'no answer, trying again');
	}
	if (key)
		timer = setTimeout(ask, EVERY_MS);
}

$('unlock').addEventListener('submit', (event) => {
	event.preventDefault();
	key = $('key').value.trim();
	$('key').value = '';
	$('problem').hidden = true;
	if (/^[\x21-\x7e]+$/.test(key))
		ask();
	else
		lock('This is no key.');
});
$('forget').addEventListener('click', () => lock(''));
$('charts').append(...charts.map(({ element }) => element));
if (key)
	ask();
else
	$('key').focus();
