// The list of accounts, newest first, with search and filters.
import { ask } from './api.js';
import { displayName, freshId, h, show, time } from './dom.js';
import { isNegative, shown } from './money.js';
import { accountByExternalId, accounts } from './queries.js';
import { mayPass } from './persist.js';
import { status, trouble } from './refusal.js';
import { may } from './rights.js';
import { link } from './route.js';

const page = 20;
const kinds = ['', 'CURRENT', 'SAVINGS', 'BUSINESS'];

// destination is the address for an id of the bank, or null if the text is not one.
function destination(id) {
  const part = encodeURIComponent(id);
  if (id.startsWith('acc_')) return `#/account/${part}`;
  if (id.startsWith('trf_')) return `#/transfer/${part}`;
  if (id.startsWith('hld_')) return `#/hold/${part}`;
  const transaction = /^txn_(.+)_\d+$/.exec(id);
  return transaction && `#/account/acc_${transaction[1]}`;
}

function finder() {
  const id = freshId('find');
  const input = h('input', { id, type: 'search', autocomplete: 'off', spellcheck: 'false' });
  const answer = h('p', { class: 'field-error', role: 'status' });
  const find = async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    answer.textContent = '';
    if (!text) return;
    const address = destination(text);
    if (address) location.hash = address;
    else {
      try {
        const { accountByExternalId: found } = await ask(accountByExternalId, { externalId: text });
        if (found) location.hash = `#/account/${found.id}`;
        else answer.textContent = `No account has the external id ${text}.`;
      } catch (error) {
        answer.textContent = error.message;
      }
    }
  };
  return h('form', { class: 'finder', role: 'search', onsubmit: find },
    h('label', { for: id }, 'Find by id or external id'),
    h('div', { class: 'with-unit' }, input, h('button', { type: 'submit' }, 'Find')), answer);
}

function filterForm(parameters) {
  const labelled = (label, control) => {
    control.id = freshId('filter');
    return h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
  };
  const owner = h('input', { name: 'owner', value: parameters.owner ?? '', autocomplete: 'off' });
  const kind = h('select', { name: 'kind' }, kinds.map((one) => h('option',
    { value: one, selected: one === (parameters.kind ?? '') }, one ? displayName(one) : 'Any')));
  const currency = h('input', { name: 'currency', class: 'code', size: '5', value: parameters.currency ?? '',
    autocomplete: 'off' });
  const apply = (event) => {
    event.preventDefault();
    location.hash = link('accounts', { owner: owner.value.trim(), kind: kind.value,
      currency: currency.value.trim().toUpperCase() });
  };
  const filtered = parameters.owner || parameters.kind || parameters.currency;
  return h('form', { class: 'filter', 'aria-label': 'Filter the accounts', onsubmit: apply },
    labelled('Owner (exact)', owner), labelled('Kind', kind), labelled('Currency', currency),
    h('button', { type: 'submit' }, 'Filter'), filtered && h('a', { class: 'button quiet', href: '#/accounts' },
      'Clear'));
}

function card(one) {
  const { current, available } = one.balance;
  return h('li', {}, h('a', { class: 'account', href: `#/account/${one.id}` },
    h('span', { class: 'who' }, h('strong', {}, one.owner || 'Owner hidden'),
      one.name && h('span', { class: 'small' }, one.name)),
    h('span', { class: 'small' }, displayName(one.kind), ' · opened ', time(one.openedAt)),
    h('span', { class: 'state' }, one.status !== 'OPEN' && status(one.status),
      one.stale && h('span', { class: 'badge stale' }, 'Out of date')),
    h('span', { class: `figure sum ${isNegative(current.value) ? 'debit' : ''}` }, shown(current.value),
      h('span', { class: 'unit' }, ` ${current.currency}`),
      available.value !== current.value && h('span', { class: 'small' }, `${shown(available.value)} available`))));
}

function nothing(filtered) {
  return h('p', { class: 'card hint' }, filtered ? ['No accounts match. ', h('a', { href: '#/accounts' },
    'Show all accounts'), '.'] : ['There are no accounts yet. ', may('openAccount') && [h('a', { href: '#/open' },
    'Open the first one'), '.']]);
}

// accountsView lists one page of accounts.
export async function accountsView({ parameters, signal }) {
  const filter = { owner: parameters.owner || undefined, kind: parameters.kind || undefined,
    currency: parameters.currency || undefined };
  const list = h('div');
  const element = h('div', {}, h('div', { class: 'heading' }, h('h1', {}, 'Accounts'),
    may('openAccount') && h('a', { class: 'button primary', href: '#/open' }, 'Open an account')),
    h('div', { class: 'card search' }, finder(), filterForm(parameters)), list);
  try {
    const { accounts: found } = await ask(accounts, { first: page, after: parameters.after, filter }, { signal });
    const { hasNextPage, endCursor } = found.pageInfo;
    show(list, found.nodes.length ? h('ul', { class: 'plain accounts' }, found.nodes.map(card))
      : nothing(Boolean(parameters.after || Object.values(filter).some(Boolean))),
    h('nav', { class: 'buttons', 'aria-label': 'Pages' },
      parameters.after && h('a', { class: 'button', href: link('accounts', filter) }, 'Newest accounts'),
      hasNextPage && h('a', { class: 'button', href: link('accounts', { ...filter, after: endCursor }) },
        'Older accounts')));
  } catch (error) {
    if (error.code === 'UNAUTHENTICATED' || mayPass(error)) throw error;
    show(list, trouble(error));
  }
  return { title: 'Accounts', section: 'accounts', element };
}
