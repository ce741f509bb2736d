// A table of transactions, on a phone a list of cards.
import { h, moment, said, time } from './dom.js';
import { shown } from './money.js';

const reversible = ['DEPOSIT', 'WITHDRAWAL', 'HOLD_CAPTURE', 'TRANSFER_OUT', 'TRANSFER_IN'];
const short = (id) => `${id.slice(0, 10)}…`;

function detail(row) {
  return [
    row.counterpartyId && [row.direction === 'DEBIT' ? 'to ' : 'from ', h('a', { href: `#/account/${row.counterpartyId}`, title: row.counterpartyId }, short(row.counterpartyId)), ' '],
    [row.reference, row.memo, row.reason].filter(Boolean).join(' · '),
    row.effectiveAt !== row.occurredAt && h('span', { class: 'small' }, ` counts from ${moment(row.effectiveAt)}`),
  ];
}

function line(row, fresh) {
  const debit = row.direction === 'DEBIT';
  const kind = row.transferId ? h('a', { href: `#/transfer/${row.transferId}` }, said(row.type)) : said(row.type);
  return h('tr', { 'data-version': row.version, class: fresh ? 'fresh' : null },
    h('td', { class: 'when' }, time(row.occurredAt)),
    h('td', { class: 'what' }, kind, ' ', h('span', { class: 'detail' }, detail(row))),
    h('td', { class: `figure ${debit ? 'debit' : 'credit'}` }, debit ? '−' : '+', shown(row.amount.value)),
    h('td', { class: 'figure after' }, shown(row.balanceAfter.value)),
    h('td', { class: 'act' }, reversible.includes(row.type) &&
      h('a', { href: `#/account/${row.accountId}/reverse?transaction=${row.id}`, 'aria-label': `Reverse the ${said(row.type).toLowerCase()} of ${row.amount.value} ${row.amount.currency}, version ${row.version}` }, 'Reverse')));
}

export class Rows {
  constructor(caption) {
    this.body = h('tbody');
    this.empty = h('p', { class: 'hint' }, 'Nothing here.');
    this.lines = new Map();
    this.element = h('div', {},
      h('table', { class: 'rows' }, h('caption', { class: 'visually-hidden' }, caption),
        h('thead', {}, h('tr', {}, ['When (UTC)', 'What', 'Amount', 'Balance'].map((name, i) => h('th', { scope: 'col', class: i > 1 ? 'figure' : null }, name)), h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'Do')))), this.body), this.empty);
  }

  // update shows rows, newest first. A line that is there already stays as it
  // is, so that the focus does too.
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
      const there = this.lines.get(row.version);
      if (there && there === before) {
        before = before.nextElementSibling;
        continue;
      }
      const element = there ?? line(row, !first);
      this.lines.set(row.version, element);
      this.body.insertBefore(element, before);
    }
    this.empty.hidden = rows.length > 0;
    this.element.firstElementChild.hidden = rows.length === 0;
  }
}
