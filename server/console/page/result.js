// Panels for the result of a mutation or of its preview.
import { displayName, h } from './dom.js';
import { amount } from './money.js';
import { headline } from './offer.js';
import { status } from './refusal.js';

const sign = ({ direction }) => (direction === 'DEBIT' ? '−' : '+');
const pair = (name, value) => [h('dt', {}, name), h('dd', { class: 'figure' }, value)];

// facts lists the objects that a payload contains.
export function facts(done, dryRun = done.dryRun) {
  const { account, transaction, transfer, hold, journal } = done;
  // What was only predicted has no page of its own.
  const about = (kind, one) => (dryRun ? status(one.status)
    : h('a', { href: `#/${kind}/${one.id}` }, status(one.status)));
  return h('dl', { class: 'facts' },
    transaction && pair(displayName(transaction.type), `${sign(transaction)}${amount(transaction.amount)}`),
    account && [pair('Balance', amount(account.balance.current)), pair('Available', amount(account.balance.available))],
    transfer && [h('dt', {}, 'Transfer'), h('dd', {}, about('transfer', transfer),
      transfer.rejection && ` ${transfer.rejection.message}`)],
    hold && [h('dt', {}, 'Hold'), h('dd', {}, about('hold', hold), ` ${amount(headline(hold))}`)],
    journal && [!dryRun && [h('dt', {}, 'Posting'), h('dd', {}, h('a', { href: `#/journal/${journal.id}` },
      `${journal.legCount} legs`))],
    journal.legs.map((leg) => [h('dt', {}, `Leg ${leg.index + 1}`), h('dd', {},
      h('span', { class: 'figure' }, `${sign(leg)}${amount(leg.amount)}`), ' ',
      h('a', { class: 'short', href: `#/account/${leg.accountId}`, title: leg.accountId }, leg.accountId))])],
    account && pair('Version', String(account.version)));
}

// result makes a panel for a payload without refusals.
export function result(spec, done, ...children) {
  const title = done.dryRun ? 'This would succeed. Nothing has been changed.' : spec.done;
  return h('section', { class: `panel ${done.dryRun ? 'would' : 'good'}`, role: 'status', tabindex: '-1' },
    h('h3', {}, title),
    done.replayed && h('p', {}, 'This request had already been applied under the same key. It was not applied again.'),
    facts(done), children);
}
