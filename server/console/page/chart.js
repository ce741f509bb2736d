// The balance over time, drawn as steps: it stays the same until the next
// transaction. The pointer and the arrow keys select a transaction.
import { announce, displayName, h, moment, s } from './dom.js';
import { amount, decimal, minor, shown } from './money.js';
import { fraction, nearest, ticks, timeLabel, timeTicks } from './scale.js';

const height = 240;
const edge = { top: 14, right: 16, bottom: 28 };

// pointsOf are the balances after each transaction, oldest first.
export function pointsOf(rows) {
  return rows.toReversed()
    .map((row) => ({ at: Date.parse(row.occurredAt), units: minor(row.balanceAfter.value).units, row }));
}

export class Chart {
  #points = [];
  #picked = null;

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
    this.observer = new ResizeObserver(() => this.#draw());
    this.observer.observe(this.frame);
  }

  // update shows history rows of one currency, newest first. more is true if
  // older rows can be loaded.
  update({ rows, more }) {
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
    const width = this.frame.clientWidth;
    const from = points[0].at;
    const to = Math.max(points.at(-1).at, from + 1000);
    const x = (at) => left + ((at - from) / (to - from)) * (width - left - edge.right);
    const room = height - edge.top - edge.bottom;
    const y = (units) => height - edge.bottom - fraction(units, marks[0], marks.at(-1)) * room;
    return { x, y, from, to, left, width, marks, labels };
  }

  #draw() {
    const points = this.#points;
    this.frame.hidden = points.length === 0;
    const count = `${points.length} transaction${points.length === 1 ? '' : 's'}`;
    announce(this.note, points.length === 0 ? 'No transactions yet.'
      : `${count}, times in UTC.${this.more ? ' Load older transactions below to extend the chart.' : ''}`);
    if (points.length === 0 || this.frame.clientWidth === 0) return;
    const g = this.#geometry();
    this.xs = points.map(({ at }) => g.x(at));
    this.geometry = g;
    this.svg.setAttribute('width', g.width);
    this.svg.setAttribute('viewBox', `0 0 ${g.width} ${height}`);
    this.svg.setAttribute('aria-label',
      `Balance from ${amount(points[0].row.balanceAfter)} to ${amount(points.at(-1).row.balanceAfter)}`);
    const line = this.#steps(g);
    const zero = g.y(0n);
    this.cross = s('g', { class: 'cross' });
    this.svg.replaceChildren(...this.#axes(g),
      s('path', { class: 'area', d: `${line}V${zero}H${this.xs[0]}Z` }), s('path', { class: 'line', d: line }),
      s('circle', { class: 'now', cx: this.xs.at(-1), cy: g.y(points.at(-1).units), r: 4 }), this.cross);
    if (this.#picked !== null) this.#pick(Math.min(this.#picked, points.length - 1));
  }

  #steps(g) {
    return this.#points.map(({ units }, i) => (i === 0 ? `M${this.xs[0]} ${g.y(units)}`
      : `H${this.xs[i]}V${g.y(units)}`)).join('');
  }

  #axes(g) {
    const rows = g.marks.map((units, i) => [
      s('line', { class: units === 0n ? 'grid zero' : 'grid', x1: g.left, x2: g.width - edge.right, y1: g.y(units),
        y2: g.y(units) }),
      s('text', { x: g.left - 8, y: g.y(units) + 4, 'text-anchor': 'end' }, g.labels[i]),
    ]);
    const { step, found } = timeTicks(g.from, g.to, Math.max(2, Math.floor((g.width - g.left) / 80)));
    const columns = found.map((at) => [
      s('line', { class: 'grid', x1: g.x(at), x2: g.x(at), y1: height - edge.bottom, y2: height - edge.bottom + 5 }),
      s('text', { x: Math.max(g.left + 20, Math.min(g.x(at), g.width - 32)), y: height - 8, 'text-anchor': 'middle' },
        timeLabel(at, step)),
    ]);
    return [...rows, ...columns].flat();
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
    if (!this.xs) return;
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    this.#pick(nearest(this.xs, x));
  }

  #pick(index) {
    this.#picked = index;
    this.tooltip.hidden = index === null;
    if (index === null || !this.geometry) {
      this.cross?.replaceChildren();
      return;
    }
    const { units, row } = this.#points[index];
    const [x, y] = [this.xs[index], this.geometry.y(units)];
    this.cross.replaceChildren(s('line', { x1: x, x2: x, y1: edge.top, y2: height - edge.bottom }),
      s('circle', { cx: x, cy: y, r: 5 }));
    const change = `${displayName(row.type)} ${row.direction === 'DEBIT' ? '−' : '+'}${shown(row.amount.value)}`;
    announce(this.tooltip, `${moment(row.occurredAt)} · ${change} · Balance ${amount(row.balanceAfter)}`);
    const half = this.tooltip.offsetWidth / 2;
    this.tooltip.style.left = `${Math.max(half, Math.min(x, this.geometry.width - half))}px`;
  }

  stop() {
    this.observer.disconnect();
  }
}
