// A table of transactions; on a phone, a list of cards.
import { displayName, h, moment, show, time } from './dom.js';
import { amount, isZero, shown } from './money.js';
import { reversal, transferStatus } from './offer.js';
import { status } from './refusal.js';
import { may } from './rights.js';

const headings = ['Time (UTC)', 'Transaction', 'Amount', 'Balance'];
const restful = 3000; // new rows are highlighted when none came for so long

const shownLegs = 3; // other accounts that a row names

// otherLegs are the legs of a row's posting on other accounts.
function otherLegs({ accountId, legs = [] }) {
  const others = legs.filter((leg) => leg.accountId !== accountId);
  const rest = others.length - shownLegs;
  return [others.slice(0, shownLegs).map((leg) => [h('a', { class: 'short', href: `#/account/${leg.accountId}`,
    title: leg.accountId }, leg.accountId), ` ${leg.direction === 'DEBIT' ? '−' : '+'}${amount(leg.amount)} `]),
  rest > 0 && `and ${rest} more `];
}

function detail(row) {
  return [
    otherLegs(row),
    row.counterpartyId && [row.direction === 'DEBIT' ? 'to ' : 'from ',
      h('a', { class: 'short', href: `#/account/${row.counterpartyId}`, title: row.counterpartyId },
        row.counterpartyId), ' '],
    [row.reference, row.memo, row.reason].filter(Boolean).join(' · '),
    row.effectiveAt !== row.occurredAt && h('span', { class: 'small' }, ` effective ${moment(row.effectiveAt)}`),
  ];
}

// A line shows one transaction. What can change afterwards is how it stands: on its
// way, returned, reversed.
class Line {
  constructor(row, fresh) {
    const debit = row.direction === 'DEBIT';
    const page = row.transferId ? `#/transfer/${row.transferId}` : row.journalId && `#/journal/${row.journalId}`;
    const kind = page ? h('a', { href: page }, displayName(row.type)) : displayName(row.type);
    this.row = row;
    this.standing = h('span', {});
    this.act = h('td', { class: 'act' });
    this.element = h('tr', { 'data-version': row.version, class: fresh ? 'fresh' : null },
      h('td', { class: 'when' }, time(row.occurredAt)),
      h('td', { class: 'what' }, kind, ' ', this.standing, ' ', h('span', { class: 'detail' }, detail(row))),
      h('td', { class: `figure ${debit ? 'debit' : 'credit'}` }, debit ? '−' : '+', shown(row.amount.value)),
      h('td', { class: 'figure after' }, shown(row.balanceAfter.value)), this.act);
  }

  update(row, account, returned, reversedAmount) {
    const sent = transferStatus(row, account, returned);
    const state = reversal({ ...row, reversedAmount }, account, returned);
    const undone = reversedAmount?.value ?? '0';
    const now = `${sent} ${state} ${undone}`;
    if (now === this.now) return;
    this.now = now;
    show(this.standing, sent && sent !== 'COMPLETED' && status(sent),
      !isZero(undone) && h('span', { class: 'badge' },
        state === 'done' ? 'Reversed' : `Reversed ${amount(reversedAmount)}`));
    const what = `Reverse the ${displayName(row.type).toLowerCase()} of ${row.amount.value} ${row.amount.currency}`;
    show(this.act, state === 'possible' && may('reverse')
      && h('a', { href: `#/account/${row.accountId}/reverse?transaction=${row.id}`,
        'aria-label': `${what}, version ${row.version}` }, 'Reverse'));
  }
}

export class Rows {
  constructor(caption) {
    this.body = h('tbody');
    this.empty = h('p', { class: 'hint' }, 'No transactions.');
    this.lines = new Map();
    this.grown = 0; // when rows came last
    this.element = h('div', {},
      h('table', { class: 'rows' }, h('caption', { class: 'visually-hidden' }, caption),
        h('thead', {},
          h('tr', {}, headings.map((name, i) => h('th', { scope: 'col', class: i > 1 ? 'figure' : null }, name)),
          h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'Actions')))), this.body), this.empty);
  }

  // update shows rows of an account, newest first. Existing lines stay untouched, so
  // that the keyboard focus stays too. How a row stands now follows from the account
  // and from the ledger of its newest transactions.
  update(rows, account, ledger) {
    const wanted = new Set(rows.map(({ version }) => version));
    for (const [version, line] of this.lines) {
      if (wanted.has(version)) continue;
      line.element.remove();
      this.lines.delete(version);
    }
    const fresh = this.lines.size > 0 && performance.now() - this.grown > restful;
    const { returned } = ledger;
    let before = this.body.firstElementChild;
    for (const row of rows) {
      const existing = this.lines.get(row.version);
      const line = existing ?? new Line(row, fresh);
      line.update(row, account, returned, ledger.reversed(row));
      if (existing && line.element === before) {
        before = before.nextElementSibling;
        continue;
      }
      if (!existing) this.grown = performance.now();
      this.lines.set(row.version, line);
      this.body.insertBefore(line.element, before);
    }
    this.empty.hidden = rows.length > 0;
    this.element.firstElementChild.hidden = rows.length === 0;
  }
}
