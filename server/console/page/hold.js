// The view of one hold.
import { ask, ApiError } from './api.js';
import { h, moment } from './dom.js';
import { follow } from './follow.js';
import { amount } from './money.js';
import { allows, headline } from './offer.js';
import { accountState, hold as holdQuery } from './queries.js';
import { status } from './refusal.js';
import { may } from './rights.js';

const commands = { captureHold: 'Capture', adjustHold: 'Adjust', releaseHold: 'Release' };

// holdButtons are the links to what can be done with an active hold.
export function holdButtons(account, hold) {
  const possible = Object.entries(commands)
    .filter(([name]) => hold.status === 'ACTIVE' && may(name) && allows(account, name));
  return possible.length > 0 && h('div', { class: 'buttons' }, possible.map(([name, label]) =>
    h('a', { class: 'button', href: `#/account/${account.id}/${name}?hold=${hold.id}` }, label)));
}

function parts({ hold, account }) {
  const fact = (name, value) => value && [h('dt', {}, name), h('dd', { class: 'figure' }, value)];
  return h('section', { class: 'card' }, h('p', { class: 'current figure' }, amount(headline(hold))),
    h('p', {}, status(hold.status)),
    h('dl', { class: 'facts' }, fact('Amount', amount(hold.amount)), fact('Reserved now', amount(hold.remaining)),
      fact('Captured', amount(hold.captured)),
      fact('Account', h('a', { href: `#/account/${hold.accountId}` }, h('code', { class: 'id' }, hold.accountId))),
      fact('Placed', moment(hold.placedAt)),
      fact(hold.status === 'EXPIRED' ? 'Expired' : 'Expires', moment(hold.expiresAt)),
      fact('Reference', hold.reference), fact('Memo', hold.memo)),
    account && holdButtons(account, hold));
}

// holdView follows a hold until it ends.
export async function holdView({ id, signal }) {
  const element = await follow({ interval: 2000, signal, draw: parts, ended: ({ hold }) => hold.status !== 'ACTIVE',
    read: async () => {
      const { hold } = await ask(holdQuery, { id }, { signal });
      if (!hold) throw new ApiError('NOT_FOUND', `There is no hold ${id} yet. Wait a moment, or check the id.`);
      const { account } = await ask(accountState, { id: hold.accountId }, { signal });
      return { hold, account };
    } });
  return { title: 'Hold', section: 'accounts', element: h('div', {},
    h('div', { class: 'heading' }, h('div', {}, h('h1', {}, 'Hold'),
      h('p', { class: 'small' }, h('code', { class: 'id' }, id)))), element) };
}
