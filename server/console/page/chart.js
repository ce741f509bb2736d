// The balance over time, drawn as steps up to now: it stays the same until the next
// transaction. Where most transactions came close together, each gets the same
// room instead. The pointer and the arrow keys select a transaction.
import { announce, displayName, h, moment, s } from './dom.js';
import { amount, decimal, minor, shown } from './money.js';
import { fraction, nearest, positions, ticks, timeLabel, timeTicks } from './scale.js';

const height = 240;
const edge = { top: 14, right: 16, bottom: 28 };
const ageing = 10_000; // how often the chart is drawn again, for now has moved

// pointsOf are the balances after each transaction, oldest first.
export function pointsOf(rows) {
  return rows.toReversed()
    .map((row) => ({ at: Date.parse(row.occurredAt), units: minor(row.balanceAfter.value).units, row }));
}

// noteOf says how much the chart shows.
export function noteOf(count, even, more) {
  if (count === 0) return 'No transactions yet.';
  return [`${count} transaction${count === 1 ? '' : 's'}, times in UTC.`,
    even && 'Many came close together, so each has the same room.',
    more && 'Load older transactions below to extend the chart.'].filter(Boolean).join(' ');
}

export class Chart {
  #points = [];
  #picked = null;
  #width = 0;

  constructor() {
    this.tooltip = h('p', { class: 'tooltip', 'aria-live': 'polite', hidden: true });
    this.svg = s('svg', { class: 'chart', role: 'img', height });
    this.note = h('p', { class: 'hint' });
    this.frame = h('div', { class: 'chart-frame', tabindex: '0', role: 'group', 'aria-roledescription': 'chart',
      'aria-label': 'Balance over time. Use the arrow keys to select a transaction.',
      onkeydown: (event) => this.#key(event), onpointermove: (event) => this.#point(event),
      onpointerdown: (event) => this.#point(event), onpointerleave: () => this.#pick(null),
      onblur: () => this.#pick(null) }, this.svg, this.tooltip);
    this.element = h('div', {}, this.frame, this.note);
    this.observer = new ResizeObserver(([{ contentRect }]) => {
      this.#width = contentRect.width;
      this.#draw();
    });
    this.observer.observe(this.frame);
    this.ageing = setInterval(() => document.hidden || this.#draw(), ageing);
  }

  // update shows history rows of one currency, newest first. more is true if
  // older rows can be loaded.
  update(rows, more) {
    this.#points = pointsOf(rows);
    this.more = more;
    this.#draw();
  }

  #geometry() {
    const points = this.#points;
    const { decimals } = minor(points[0].row.balanceAfter.value);
    const all = points.map(({ units }) => units);
    const min = all.reduce((a, b) => (b < a ? b : a), 0n);
    const max = all.reduce((a, b) => (b > a ? b : a), 0n);
    const marks = ticks(min, max, 4);
    const labels = marks.map((units) => shown(decimal(units, decimals)));
    const left = 14 + 7.2 * Math.max(...labels.map((label) => label.length));
    const width = this.#width;
    const now = Math.max(Date.now(), points.at(-1).at + 1000);
    const { xs, even } = positions(points.map(({ at }) => at), now, left, width - edge.right);
    const room = height - edge.top - edge.bottom;
    const y = (units) => height - edge.bottom - fraction(units, marks[0], marks.at(-1)) * room;
    return { xs, even, y, now, left, right: width - edge.right, width, marks, labels };
  }

  #draw() {
    const points = this.#points;
    this.frame.hidden = points.length === 0;
    if (points.length === 0) announce(this.note, noteOf(0));
    if (points.length === 0 || this.#width === 0) return;
    const g = this.#geometry();
    this.geometry = g;
    announce(this.note, noteOf(points.length, g.even, this.more));
    this.svg.setAttribute('width', g.width);
    this.svg.setAttribute('viewBox', `0 0 ${g.width} ${height}`);
    this.svg.setAttribute('aria-label',
      `Balance from ${amount(points[0].row.balanceAfter)} to ${amount(points.at(-1).row.balanceAfter)}`);
    const line = `${this.#steps(g)}H${g.right}`;
    const zero = g.y(0n);
    this.cross = s('g', { class: 'cross' });
    this.svg.replaceChildren(...this.#axes(g),
      s('path', { class: 'area', d: `${line}V${zero}H${g.xs[0]}Z` }), s('path', { class: 'line', d: line }),
      s('circle', { class: 'now', cx: g.right, cy: g.y(points.at(-1).units), r: 4 }), this.cross);
    if (this.#picked !== null) this.#pick(Math.min(this.#picked, points.length - 1));
  }

  #steps(g) {
    return this.#points.map(({ units }, i) => (i === 0 ? `M${g.xs[0]} ${g.y(units)}`
      : `H${g.xs[i]}V${g.y(units)}`)).join('');
  }

  #axes(g) {
    const rows = g.marks.map((units, i) => [
      s('line', { class: units === 0n ? 'grid zero' : 'grid', x1: g.left, x2: g.width - edge.right, y1: g.y(units),
        y2: g.y(units) }),
      s('text', { x: g.left - 8, y: g.y(units) + 4, 'text-anchor': 'end' }, g.labels[i]),
    ]);
    const columns = [...this.#times(g), { x: g.right, label: 'now' }].map(({ x, label }) => [
      s('line', { class: 'grid', x1: x, x2: x, y1: height - edge.bottom, y2: height - edge.bottom + 5 }),
      s('text', { x: Math.max(g.left + 20, x), y: height - 8, 'text-anchor': 'middle' }, label),
    ]);
    return [...rows, ...columns].flat();
  }

  // #times are the labels of the time axis, each at its x: round moments, or the
  // moments of some transactions. There is room for one every 80 pixels.
  #times({ xs, even, now, left, right }) {
    const most = Math.max(2, Math.floor((right - left) / 80));
    const from = this.#points[0].at;
    const { step, found } = timeTicks(from, now, most);
    const free = ({ x }) => x < right - 56;
    if (!even) {
      const x = (at) => left + ((at - from) / (now - from)) * (right - left);
      return found.map((at) => ({ x: x(at), label: timeLabel(at, step) })).filter(free);
    }
    const stride = Math.ceil(xs.length / most);
    const fine = Math.min(step, 1000 * Math.ceil((this.#points.at(-1).at - from) / 1000 / most));
    return this.#points.map(({ at }, i) => ({ x: xs[i], label: timeLabel(at, fine) }))
      .filter((one, i, all) => i % stride === 0 && free(one) && one.label !== all[i - stride]?.label);
  }

  #key(event) {
    const last = this.#points.length - 1;
    const now = this.#picked ?? last + 1;
    const [left, right] = [Math.max(0, now - 1), Math.min(last, now + 1)];
    const to = { ArrowLeft: left, ArrowRight: right, Home: 0, End: last, Escape: null }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#pick(to);
  }

  #point(event) {
    if (!this.geometry) return;
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    this.#pick(nearest(this.geometry.xs, x));
  }

  #pick(index) {
    this.#picked = index;
    this.tooltip.hidden = index === null;
    if (index === null || !this.geometry) {
      this.cross?.replaceChildren();
      return;
    }
    const { units, row } = this.#points[index];
    const [x, y] = [this.geometry.xs[index], this.geometry.y(units)];
    this.cross.replaceChildren(s('line', { x1: x, x2: x, y1: edge.top, y2: height - edge.bottom }),
      s('circle', { cx: x, cy: y, r: 5 }));
    const change = `${displayName(row.type)} ${row.direction === 'DEBIT' ? '−' : '+'}${shown(row.amount.value)}`;
    announce(this.tooltip, `${moment(row.occurredAt)} · ${change} · Balance ${amount(row.balanceAfter)}`);
    const half = this.tooltip.offsetWidth / 2;
    this.tooltip.style.left = `${Math.max(half, Math.min(x, this.geometry.width - half))}px`;
  }

  stop() {
    this.observer.disconnect();
    clearInterval(this.ageing);
  }
}
