// A table of transactions; on a phone, a list of cards.
import { displayName, h, moment, time } from './dom.js';
import { shown } from './money.js';

const reversible = ['DEPOSIT', 'WITHDRAWAL', 'HOLD_CAPTURE', 'TRANSFER_OUT', 'TRANSFER_IN'];
const headings = ['Time (UTC)', 'Transaction', 'Amount', 'Balance'];
const short = (id) => `${id.slice(0, 10)}…`;

function detail(row) {
  return [
    row.counterpartyId && [row.direction === 'DEBIT' ? 'to ' : 'from ',
      h('a', { href: `#/account/${row.counterpartyId}`, title: row.counterpartyId }, short(row.counterpartyId)), ' '],
    [row.reference, row.memo, row.reason].filter(Boolean).join(' · '),
    row.effectiveAt !== row.occurredAt && h('span', { class: 'small' }, ` effective ${moment(row.effectiveAt)}`),
  ];
}

function line(row, fresh) {
  const debit = row.direction === 'DEBIT';
  const kind = row.transferId ? h('a', { href: `#/transfer/${row.transferId}` }, displayName(row.type))
    : displayName(row.type);
  const money = `${row.amount.value} ${row.amount.currency}`;
  const reversal = `Reverse the ${displayName(row.type).toLowerCase()} of ${money}, version ${row.version}`;
  return h('tr', { 'data-version': row.version, class: fresh ? 'fresh' : null },
    h('td', { class: 'when' }, time(row.occurredAt)),
    h('td', { class: 'what' }, kind, ' ', h('span', { class: 'detail' }, detail(row))),
    h('td', { class: `figure ${debit ? 'debit' : 'credit'}` }, debit ? '−' : '+', shown(row.amount.value)),
    h('td', { class: 'figure after' }, shown(row.balanceAfter.value)),
    h('td', { class: 'act' }, reversible.includes(row.type) &&
      h('a', { href: `#/account/${row.accountId}/reverse?transaction=${row.id}`, 'aria-label': reversal }, 'Reverse')));
}

export class Rows {
  constructor(caption) {
    this.body = h('tbody');
    this.empty = h('p', { class: 'hint' }, 'No transactions.');
    this.lines = new Map();
    this.element = h('div', {},
      h('table', { class: 'rows' }, h('caption', { class: 'visually-hidden' }, caption),
        h('thead', {},
          h('tr', {}, headings.map((name, i) => h('th', { scope: 'col', class: i > 1 ? 'figure' : null }, name)),
          h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'Actions')))), this.body), this.empty);
  }

  // update shows rows, newest first. Existing lines stay untouched, so that the
  // keyboard focus stays too.
  update(rows) {
    const first = this.lines.size === 0;
    const wanted = new Set(rows.map(({ version }) => version));
    for (const [version, element] of this.lines) {
      if (wanted.has(version)) continue;
      element.remove();
      this.lines.delete(version);
    }
    let before = this.body.firstElementChild;
    for (const row of rows) {
      const existing = this.lines.get(row.version);
      if (existing && existing === before) {
        before = before.nextElementSibling;
        continue;
      }
      const element = existing ?? line(row, !first);
      this.lines.set(row.version, element);
      this.body.insertBefore(element, before);
    }
    this.empty.hidden = rows.length > 0;
    this.element.firstElementChild.hidden = rows.length === 0;
  }
}
