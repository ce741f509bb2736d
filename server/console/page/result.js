// What a mutation did, or would do.
import { h, said } from './dom.js';
import { amount } from './money.js';
import { status } from './refusal.js';

const pair = (name, value) => [h('dt', {}, name), h('dd', { class: 'figure' }, value)];

// facts are the lines about what a payload tells of.
export function facts(done) {
  const { account, transaction, transfer, hold } = done;
  return h('dl', { class: 'facts' },
    transaction && pair(said(transaction.type), `${transaction.direction === 'DEBIT' ? '−' : '+'}${amount(transaction.amount)}`),
    account && [pair('Balance', amount(account.balance.current)), pair('Available', amount(account.balance.available))],
    transfer && [h('dt', {}, 'Transfer'), h('dd', {}, h('a', { href: `#/transfer/${transfer.id}` }, status(transfer.status)),
      transfer.rejection && ` ${transfer.rejection.message}`)],
    hold && [h('dt', {}, 'Hold'), h('dd', {}, status(hold.status), ` ${amount(hold.remaining)} kept back`)],
    account && pair('Version', String(account.version)));
}

// result is a panel for a payload without refusals.
export function result(spec, done, ...children) {
  const title = done.dryRun ? 'It would pass. Nothing has happened yet.' : spec.done;
  return h('section', { class: `panel ${done.dryRun ? 'would' : 'good'}`, role: 'status', tabindex: '-1' },
    h('h3', {}, title),
    done.replayed && h('p', {}, 'This had happened before under the same key: nothing moved again.'),
    facts(done), children);
}
