// The view of one transfer.
import { ask, ApiError } from './api.js';
import { h, moment } from './dom.js';
import { follow } from './follow.js';
import { amount, grouped } from './money.js';
import { transfer as transferQuery } from './queries.js';
import { status } from './refusal.js';

const account = (id) => h('a', { href: `#/account/${id}` }, h('code', { class: 'id' }, id));

function step(label, at, done, kind = '') {
  return h('li', { class: `step ${done ? 'done' : ''} ${kind}` }, h('strong', {}, label),
    h('span', { class: 'small' }, at ? moment(at) : done ? '' : 'not yet'));
}

function parts(one) {
  const returned = one.status === 'RETURNED';
  const related = (title, list) => list.length > 0 && [h('h2', {}, title), h('ul', { class: 'plain lines' },
    list.map((other) => h('li', {}, h('a', { href: `#/transfer/${other.id}` }, amount(other.amount)),
      status(other.status))))];
  return h('section', { class: 'card' },
    h('p', { class: 'current figure' }, amount(one.amount)), h('p', {}, status(one.status)),
    h('dl', { class: 'facts' }, h('dt', {}, 'From'), h('dd', {}, account(one.fromAccountId)), h('dt', {}, 'To'),
      h('dd', {}, account(one.toAccountId)),
      one.reference && [h('dt', {}, 'Reference'), h('dd', {}, one.reference)],
      one.memo && [h('dt', {}, 'Memo'), h('dd', {}, one.memo)]),
    h('ol', { class: 'steps' }, step('Sent', one.sentAt, true),
      step(returned ? 'Returned' : 'Received', one.endedAt, one.status !== 'PENDING', returned ? 'back' : '')),
    one.rejection && h('p', { class: 'notice' }, `Reason: ${grouped(one.rejection.message)} `,
      h('code', {}, one.rejection.code)),
    related('Reverses', one.reverses ? [one.reverses] : []), related('Reversed by', one.reversals));
}

// transferView follows a transfer until it ends.
export async function transferView({ id, signal }) {
  const element = await follow({ interval: 1000, signal, draw: parts, ended: ({ status: now }) => now !== 'PENDING',
    read: async () => {
      const { transfer } = await ask(transferQuery, { id }, { signal });
      if (!transfer) throw new ApiError('NOT_FOUND', `There is no transfer ${id} yet. Wait a moment, or check the id.`);
      return transfer;
    } });
  return { title: 'Transfer', section: 'accounts', element: h('div', {},
    h('div', { class: 'heading' }, h('div', {}, h('h1', {}, 'Transfer'),
    h('p', { class: 'small' }, h('code', { class: 'id' }, id)))), element) };
}
