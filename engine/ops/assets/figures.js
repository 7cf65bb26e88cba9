/* figures.js - what two answers of GET /api/v1/status come to in between: rates, times, shares. No DOM. */

const sum = (list) => list.reduce((all, one) => all + one, 0);

/** The time in seconds below which the share q of what buckets count is; null when they count nothing. Bucket i ends at
 * leastUs << i, the last one at no end: then it is where that begins. Within a bucket all are spread evenly. */
export function quantile(buckets, leastUs, q) {
	const wanted = sum(buckets) * q;
	if (wanted === 0)
		return null;
	let before = 0;
	for (let i = 0; i < buckets.length; i++) {
		if (before + buckets[i] >= wanted && buckets[i] > 0) {
			const from = i === 0 ? 0 : leastUs * 2 ** (i - 1);
			const to = i === buckets.length - 1 ? from : leastUs * 2 ** i;
			return (from + (to - from) * (wanted - before) / buckets[i]) / 1e6;
		}
		before += buckets[i];
	}
	return null;
}

const minus = (now, before) => now.map((value, i) => Math.max(0, value - (before[i] ?? 0)));

/** What happened between two answers, by the second; null when there is nothing to compare: a server that started anew
 * counts anew. */
export function between(before, now) {
	const seconds = before ? (now.time - before.time) / 1000 : 0;
	if (seconds <= 0 || now.uptime_ms < before.uptime_ms || now.cores !== before.cores)
		return null;
	const rate = (name) => sum(minus(now.counters[name], before.counters[name])) / seconds;
	const least = now.histograms.least_us;
	const timed = (name, q) => quantile(minus(now.histograms[name], before.histograms[name]), least, q);
	const workers = {};
	for (const [name, worker] of Object.entries(now.store)) {
		const past = before.store[name];
		const jobs = worker.jobs - past.jobs, batches = worker.batches - past.batches, busy = worker.busy - past.busy;
		workers[name] = { jobs: jobs / seconds, batches: batches / seconds, perBatch: batches > 0 ? jobs / batches : null,
			mean: batches > 0 ? busy / batches / 1e6 : null, busy: busy / seconds / 1e6,
			bad: worker.full + worker.unavailable + worker.corrupt + worker.failed };
	}
	return {
		at: now.time,
		messages: rate('published'), deliveries: rate('delivered'), errors: rate('errors'), commands: rate('commands'),
		bytesIn: rate('bytes_in'), bytesOut: rate('bytes_out'), refused: rate('refused'), fellOff: rate('fell_off'),
		connections: now.connections,
		cpu: (now.process.cpu_us - before.process.cpu_us) / seconds / 1e6,
		deliver: [0.5, 0.99].map((q) => timed('deliver', q)), ack: [0.5, 0.99].map((q) => timed('ack', q)),
		cores: Array.from({ length: now.cores }, (_, core) => ({
			cpu: Math.max(0, now.process.core_cpu_us[core] - before.process.core_cpu_us[core]) / seconds / 1e6,
			turns: Math.max(0, now.counters.turns[core] - before.counters.turns[core]) / seconds,
			turn: quantile(minus(now.histograms.turn[core], before.histograms.turn[core]), least, 0.99),
			delivered: Math.max(0, now.counters.delivered[core] - before.counters.delivered[core]) / seconds,
		})),
		store: workers,
	};
}

/* Three digits or so, and a unit. */
function scaled(value, units, step) {
	let unit = 0;
	while (value >= step * 0.9995 && unit < units.length - 1) {
		value /= step;
		unit++;
	}
	const digits = value >= 100 || (unit === 0 && Number.isInteger(value)) ? 0 : value >= 10 ? 1 : 2;
	return `${Number(value.toFixed(digits))}${units[unit]}`;
}

export const count = (value) => value == null ? '–' : scaled(value, ['', ' k', ' M', ' G'], 1000);
export const bytes = (value) => value == null ? '–' : scaled(value, [' B', ' KiB', ' MiB', ' GiB', ' TiB'], 1024);
export const share = (value) => value == null ? '–' : `${Number((value * 100).toFixed(value < 0.1 ? 1 : 0))} %`;
export const time = (seconds) => seconds == null ? '–'
	: seconds >= 1 ? scaled(seconds, [' s'], 1e9) : seconds >= 0.001 ? scaled(seconds * 1000, [' ms'], 1e9)
		: `${Math.round(seconds * 1e6)} µs`;

export function span(ms) {
	const minutes = Math.floor(ms / 60000), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
	if (days > 0)
		return `${days} d ${hours % 24} h`;
	return hours > 0 ? `${hours} h ${minutes % 60} min` : minutes > 0 ? `${minutes} min` : `${Math.floor(ms / 1000)} s`;
}
