// The views of one transfer and of one hold.
import { ask, ApiError } from './api.js';
import { every, h, moment, show } from './dom.js';
import { amount } from './money.js';
import { transfer as transferQuery } from './queries.js';
import { status, trouble } from './refusal.js';

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
    one.rejection && h('p', { class: 'notice' }, `Reason: ${one.rejection.message} `,
      h('code', {}, one.rejection.code)),
    related('Reverses', one.reverses ? [one.reverses] : []), related('Reversed by', one.reversals));
}

export async function transferView({ id, signal }) {
  const content = h('div', { 'aria-live': 'polite' });
  let ended;
  const refresh = async () => {
    if (ended) return;
    try {
      const { transfer } = await ask(transferQuery, { id }, { signal });
      if (!transfer) {
        throw new ApiError('NOT_FOUND', `There is no transfer ${id} yet. Wait a moment, or check the id.`);
      }
      ended = transfer.status !== 'PENDING';
      show(content, parts(transfer));
    } catch (error) {
      if (!signal.aborted) show(content, trouble(error));
    }
  };
  await refresh();
  every(1000, signal, refresh);
  return { title: 'Transfer', section: 'accounts', element: h('div', {},
    h('div', { class: 'heading' }, h('div', {}, h('h1', {}, 'Transfer'),
    h('p', { class: 'small' }, h('code', { class: 'id' }, id)))), content) };
}

// holdView shows a hold, with links to capture or release it.
export async function holdView({ id, signal }, query) {
  const { hold } = await ask(query, { id }, { signal });
  if (!hold) throw new ApiError('NOT_FOUND', `There is no hold ${id} yet. Check the id.`);
  const fact = (name, money) => [h('dt', {}, name), h('dd', { class: 'figure' }, amount(money))];
  return { title: 'Hold', section: 'accounts', element: h('div', {},
    h('div', { class: 'heading' }, h('h1', {}, 'Hold')),
    h('section', { class: 'card' }, h('p', { class: 'current figure' }, amount(hold.remaining)),
      h('p', {}, status(hold.status)),
      h('dl', { class: 'facts' }, fact('Original amount', hold.amount), fact('Captured', hold.captured),
        h('dt', {}, 'Account'), h('dd', {}, account(hold.accountId)),
        h('dt', {}, 'Placed'), h('dd', {}, moment(hold.placedAt)), h('dt', {}, 'Expires'),
        h('dd', {}, moment(hold.expiresAt))),
      hold.status === 'ACTIVE' && h('div', { class: 'buttons' },
        h('a', { class: 'button', href: `#/account/${hold.accountId}/captureHold?hold=${id}` }, 'Capture'),
        h('a', { class: 'button', href: `#/account/${hold.accountId}/adjustHold?hold=${id}` }, 'Adjust'),
        h('a', { class: 'button', href: `#/account/${hold.accountId}/releaseHold?hold=${id}` }, 'Release')))) };
}
