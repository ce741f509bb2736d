// The health of the bank: progress of the log and its views, the last audit, and
// the trial balance.
import { ask } from './api.js';
import { every, h, moment, show } from './dom.js';
import { shown } from './money.js';
import { health } from './queries.js';
import { trouble } from './refusal.js';
import { trialBalance as trialBalanceCard } from './trial.js';

const poll = 2000;

const tile = (name, value, note, kind = '') =>
  h('div', { class: `tile ${kind}`, 'data-tile': name }, h('dt', {}, name), h('dd', { class: 'figure' }, value),
    h('dd', { class: 'small' }, note));

function auditTile({ at, position, records, accounts, findings, ok }) {
  return tile('Last audit', ok ? 'No findings' : `${findings} finding${findings === 1 ? '' : 's'}`,
    `${moment(at)}: ${records} events, ${accounts} accounts, up to position ${position}`, ok ? 'good' : 'bad');
}

function tiles({ head, published, lag, lastAudit }) {
  const behind = (n) => (n === 0 ? 'Up to date' : `${n} event${n === 1 ? '' : 's'} behind the log`);
  return h('dl', { class: 'tiles' },
    tile('Head of the log', shown(String(head)), 'Durable events'),
    tile('Publishing', behind(head - published), `Up to position ${shown(String(published))}`,
      head === published ? 'good' : 'doubt'),
    tile('Views', behind(lag), `Up to position ${shown(String(head - lag))}`, lag === 0 ? 'good' : 'doubt'),
    lastAudit ? auditTile(lastAudit) : tile('Last audit', 'None yet', 'Run: corebank audit'));
}

export async function healthView({ signal }) {
  const content = h('div');
  const problem = h('div', { 'aria-live': 'polite' });
  const refresh = async () => {
    try {
      const { systemStatus, trialBalance } = await ask(health, {}, { signal });
      show(problem);
      show(content, tiles(systemStatus), trialBalanceCard(trialBalance));
    } catch (error) {
      if (signal.aborted) return;
      show(content); // old figures beside an error would look like new ones
      show(problem, trouble(error, h('p', { class: 'small' }, 'The page tries again by itself.')));
    }
  };
  await refresh();
  every(poll, signal, refresh);
  return { title: 'Health', section: 'health', element: h('div', {},
    h('div', { class: 'heading' }, h('h1', {}, 'Health'), h('p', { class: 'small' }, 'Refreshed every 2 seconds')),
    problem, content) };
}
