// How the bank as a whole is doing.
import { ask } from './api.js';
import { every, h, moment, said, show } from './dom.js';
import { isZero, shown, sum } from './money.js';
import { health } from './queries.js';
import { trouble } from './refusal.js';

const poll = 2000;
const columns = ['CUSTOMER', 'CASH', 'TRANSIT', 'SETTLEMENT'];

const tile = (name, value, note, kind = '') =>
  h('div', { class: `tile ${kind}`, 'data-tile': name }, h('dt', {}, name), h('dd', { class: 'figure' }, value), h('dd', { class: 'small' }, note));

function tiles({ head, published, lag, lastAudit }) {
  const behind = (n) => (n === 0 ? 'Up to date' : `${n} event${n === 1 ? '' : 's'} behind the log`);
  return h('dl', { class: 'tiles' },
    tile('Head of the log', shown(String(head)), 'Durable events'),
    tile('Publishing', behind(head - published), `Up to ${shown(String(published))}`, head === published ? 'good' : 'doubt'),
    tile('Views', behind(lag), `Up to ${shown(String(head - lag))}`, lag === 0 ? 'good' : 'doubt'),
    lastAudit ? tile('Last audit', lastAudit.ok ? 'Nothing wrong' : `${lastAudit.findings} finding${lastAudit.findings === 1 ? '' : 's'}`,
      `${moment(lastAudit.at)}: ${lastAudit.records} events of ${lastAudit.accounts} accounts, up to ${lastAudit.position}`, lastAudit.ok ? 'good' : 'bad')
      : tile('Last audit', 'None yet', 'Run: corebank audit'));
}

// trial is the trial balance: one row per currency. The zero is added up here,
// from the bank's exact sums.
function trial({ totals, position, at, balanced }) {
  const byCurrency = Map.groupBy ? Map.groupBy(totals, ({ sum: money }) => money.currency) : grouped(totals);
  const row = ([currency, own]) => {
    const cell = (kind) => own.find((one) => one.kind === kind)?.sum.value;
    const all = sum(own.map((one) => one.sum.value));
    return h('tr', {}, h('th', { scope: 'row' }, currency),
      columns.map((kind) => h('td', { class: 'figure', 'data-label': said(kind) }, cell(kind) ? shown(cell(kind)) : '–')),
      h('td', { class: `figure ${isZero(all) ? 'credit' : 'debit'}`, 'data-label': 'Sum', 'data-sum': currency }, shown(all), isZero(all) ? ' ✓' : ' ✗'));
  };
  return h('section', { class: 'card' }, h('h2', {}, 'Trial balance'),
    h('p', { class: balanced ? 'verdict good' : 'verdict bad' }, balanced ? 'Every currency comes to zero: no money was made and none was lost.' : 'A currency does not come to zero. Run corebank audit.'),
    byCurrency.size > 0 && h('table', { class: 'trial' }, h('caption', { class: 'visually-hidden' }, 'Sums of all postings'),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Currency'), columns.map((kind) => h('th', { scope: 'col', class: 'figure' }, said(kind))), h('th', { scope: 'col', class: 'figure' }, 'Sum'))),
      h('tbody', {}, [...byCurrency].map(row))),
    h('p', { class: 'hint' }, `Up to position ${position}${at ? `, ${moment(at)}` : ''}. What the bank has is negative, what it owes positive.`));
}

function grouped(totals) {
  const groups = new Map();
  for (const one of totals) groups.set(one.sum.currency, [...(groups.get(one.sum.currency) ?? []), one]);
  return groups;
}

export async function healthView({ signal }) {
  const place = h('div');
  const problem = h('div', { 'aria-live': 'polite' });
  const look = async () => {
    try {
      const { systemStatus, trialBalance } = await ask(health, {}, { signal });
      show(problem);
      show(place, tiles(systemStatus), trial(trialBalance));
    } catch (error) {
      if (!signal.aborted) show(problem, trouble(error));
    }
  };
  await look();
  every(poll, signal, look);
  return { title: 'Health', section: 'health', element: h('div', {}, h('div', { class: 'heading' }, h('h1', {}, 'Health'), h('p', { class: 'small' }, 'Looked at every 2 seconds')), problem, place) };
}
