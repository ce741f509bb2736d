// The trial balance as accountants write it: one table per currency, with the
// ledger accounts, a debit and a credit column, and totals that agree. The API
// sends signed sums: credit balances are positive, debit balances negative.
import { h, moment } from './dom.js';
import { isNegative, isZero, shown, sum } from './money.js';

const ledgerAccounts = {
  CASH: 'Cash', CUSTOMER: 'Customer accounts', TRANSIT: 'Transfers in transit', SETTLEMENT: 'Captured holds payable',
};

// balanceSheet sorts the totals of a trial balance by currency. Each amount is a
// decimal string without a sign, or null in the column that it does not stand in.
export function balanceSheet(totals) {
  const currencies = [...new Set(totals.map((total) => total.sum.currency))];
  return currencies.map((currency) => {
    const order = Object.keys(ledgerAccounts);
    const own = totals.filter((total) => total.sum.currency === currency)
      .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    const lines = own.map(({ kind, sum: { value } }) => ({ kind, ...columns(value) }));
    const total = (name) => sum(['0', ...lines.map((line) => line[name] ?? '0')]);
    return { currency, lines, debit: total('debit'), credit: total('credit'),
      difference: sum(own.map((one) => one.sum.value)) };
  });
}

function columns(value) {
  if (isZero(value)) return { debit: null, credit: null };
  return isNegative(value) ? { debit: value.slice(1), credit: null } : { debit: null, credit: value };
}

const cell = (value, properties = {}) => h('td', { class: 'figure', ...properties },
  value === null ? '–' : shown(value));

function table({ currency, lines, debit, credit, difference }) {
  const agree = isZero(difference);
  return h('table', { class: 'trial', 'data-currency': currency },
    h('caption', {}, currency),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Ledger account'),
      ['Debit', 'Credit'].map((name) => h('th', { scope: 'col', class: 'figure' }, name)))),
    h('tbody', {}, lines.map((line) => h('tr', { 'data-ledger': line.kind },
      h('th', { scope: 'row' }, ledgerAccounts[line.kind] ?? line.kind), cell(line.debit), cell(line.credit)))),
    h('tfoot', { class: agree ? 'agree' : 'differ' },
      h('tr', {}, h('th', { scope: 'row' }, 'Total'), cell(debit, { 'data-total': 'debit' }),
        cell(credit, { 'data-total': 'credit' })),
      !agree && h('tr', {}, h('th', { scope: 'row' }, 'Difference'),
        h('td', { class: 'figure', colspan: '2' }, shown(difference)))));
}

// trialBalance makes the card. The totals are added up here, from the exact sums
// of the bank, so that the page does not merely repeat the bank's own verdict.
export function trialBalance({ totals, position, at, balanced }) {
  const sheets = balanceSheet(totals);
  const agree = balanced && sheets.every(({ difference }) => isZero(difference));
  return h('section', { class: 'card', 'aria-label': 'Trial balance' }, h('h2', {}, 'Trial balance'),
    h('p', { class: agree ? 'verdict good' : 'verdict bad' },
      agree ? 'Debits equal credits in every currency.'
        : 'Debits and credits differ. Run corebank audit to find the cause.'),
    h('div', { class: 'trials' }, sheets.map(table)),
    h('p', { class: 'hint' }, `As of position ${position}${at ? ` (${moment(at)})` : ''}. `,
      'Cash is an asset and has a debit balance. What the bank owes to customers has a credit balance.'));
}
