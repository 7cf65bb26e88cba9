/* chart.js - lines over the last minutes, drawn as SVG: a scale, a crosshair that names the values, a sentence for those
 * who hear the page. */

const NS = 'http://www.w3.org/2000/svg';
const HEIGHT = 160, LEFT = 58, RIGHT = 8, TOP = 8, BOTTOM = 20;

function svg(name, attributes = {}, text = '') {
	const node = document.createElementNS(NS, name);
	for (const [key, value] of Object.entries(attributes))
		node.setAttribute(key, value);
	if (text)
		node.textContent = text;
	return node;
}

/* The next number above that a person would draw a line at: 1, 2 or 5 times a power of the base. */
function nice(value, base) {
	if (!(value > 0))
		return 1;
	let unit = 1;
	if (base === 1024)
		while (unit * 1024 <= value)
			unit *= 1024;
	const power = 10 ** Math.floor(Math.log10(value / unit));
	return unit * power * [1, 2, 5, 10].find((step) => step * power * unit >= value * 0.9999);
}

export class Chart {
	/* lines: [{ name, of(sample) }]; show(value) makes text of one. */
	constructor(title, lines, show, { base = 1000, windowMs = 300000 } = {}) {
		Object.assign(this, { title, lines, show, base, longest: windowMs, samples: [], hover: null });
		this.element = document.createElement('div');
		this.element.className = 'card';
		const head = document.createElement('header');
		const heading = document.createElement('h2');
		heading.textContent = title;
		head.append(heading);
		this.values = lines.map(({ name }, i) => {
			const key = document.createElement('span');
			const mark = document.createElement('i');
			const value = document.createElement('span');
			key.className = 'key';
			mark.className = `s${i}`;
			key.append(mark, name, ' ', value);
			head.append(key);
			return value;
		});
		this.picture = svg('svg', { class: 'chart', role: 'img' });
		this.element.append(head, this.picture);
		this.picture.addEventListener('pointermove', (event) => this.#point(event.clientX));
		this.picture.addEventListener('pointerdown', (event) => this.#point(event.clientX));
		this.picture.addEventListener('pointerleave', () => this.#point(null));
		new ResizeObserver(() => this.draw()).observe(this.element);
	}

	/* Samples have `at`, in ms; null is a gap. */
	update(samples) {
		this.samples = samples;
		this.draw();
	}

	#point(x) {
		this.hover = x === null ? null : x - this.picture.getBoundingClientRect().left;
		this.draw();
	}

	draw() {
		const width = this.picture.clientWidth || 500;
		const whole = this.samples.filter(Boolean);
		const end = whole.length ? whole[whole.length - 1].at : 0;
		/* It begins with a minute and grows, so that what there is can be seen. */
		const windowMs = Math.min(this.longest, Math.max(60000, whole.length ? end - whole[0].at : 0));
		const most = nice(Math.max(0, ...whole.flatMap((one) => this.lines.map(({ of }) => of(one) ?? 0))), this.base);
		const x = (at) => LEFT + (width - LEFT - RIGHT) * (1 - (end - at) / windowMs);
		const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
		const shapes = [];

		for (const part of [0, 0.5, 1]) {
			shapes.push(svg('line', { class: part === 0 ? 'base' : 'grid', x1: LEFT, x2: width - RIGHT, y1: y(most * part), y2: y(most * part) }));
			shapes.push(svg('text', { x: LEFT - 8, y: y(most * part) + 4, 'text-anchor': 'end' }, this.show(most * part)));
		}
		const step = windowMs <= 120000 ? 20 : width < 420 ? 120 : 60;
		for (let ago = 0; ago * 1000 <= windowMs; ago += step) {
			shapes.push(svg('text', { x: x(end - ago * 1000), y: HEIGHT - 4, 'text-anchor': ago === 0 ? 'end' : 'middle' },
				ago === 0 ? 'now' : step === 20 ? `−${ago} s` : `−${ago / 60} min`));
		}
		this.lines.forEach(({ of }, i) => {
			let path = '', down = false;
			for (const one of this.samples) {
				const value = one ? of(one) : null;
				const there = value !== null && value !== undefined && end - one.at <= windowMs;
				if (there) /* a point by itself is a line of no length */
					path += `${down ? '' : `M${x(one.at).toFixed(1)} ${y(value).toFixed(1)}`}L${x(one.at).toFixed(1)} ${y(value).toFixed(1)}`;
				down = there;
			}
			shapes.push(svg('path', { class: `s${i}`, d: path || 'M0 0' }));
		});
		const shown = this.#nearest(whole, x) ?? whole[whole.length - 1];
		if (this.hover !== null && shown) {
			shapes.push(svg('line', { class: 'cross', x1: x(shown.at), x2: x(shown.at), y1: TOP, y2: HEIGHT - BOTTOM }));
			this.lines.forEach(({ of }, i) => {
				if (of(shown) != null)
					shapes.push(svg('circle', { class: `s${i}`, cx: x(shown.at), cy: y(of(shown)), r: 4.5 }));
			});
		}
		this.lines.forEach(({ of }, i) => {
			this.values[i].textContent = shown ? this.show(of(shown)) : '';
		});
		this.picture.setAttribute('aria-label', `${this.title}, now: ` +
			this.lines.map(({ name, of }) => `${name} ${this.show(whole.length ? of(whole[whole.length - 1]) : null)}`).join(', '));
		this.picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
		this.picture.replaceChildren(...shapes);
	}

	#nearest(samples, x) {
		if (this.hover === null)
			return null;
		let best = null;
		for (const one of samples) {
			if (!best || Math.abs(x(one.at) - this.hover) < Math.abs(x(best.at) - this.hover))
				best = one;
		}
		return best;
	}
}
