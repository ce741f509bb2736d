// Panels for refusals: the bank's message, its data, and the field it refers to.
import { displayName, freshId, h, moment } from './dom.js';
import { amount, grouped } from './money.js';

const facts = {
  shortfall: 'Shortfall', available: 'Available', limit: 'Limit', remaining: 'Remaining', resetsAt: 'Resets at',
  used: 'Used',
  balance: 'Balance', held: 'Held', inTransit: 'In transit', since: 'Since', reason: 'Reason',
  expected: 'Account currency',
  maxPrecision: 'Maximum decimals', fields: 'Differing fields', most: 'Maximum', by: 'Reversed by',
  accountId: 'Account',
};

function fact(name, value) {
  if (name === 'accountId') return h('a', { href: `#/account/${value}` }, value);
  if (value.currency) return h('span', { class: 'figure' }, amount(value));
  if (name === 'since' || name === 'resetsAt') return moment(value);
  return Array.isArray(value) ? value.join(', ') : String(value);
}

// fieldOf returns the input field that a path names: input.amount.value is "amount",
// and below the item of a batch the field of its input.
export const fieldOf = (path, below = 'input') => path?.[path.indexOf(below) + 1];

function one(error) {
  const data = Object.keys(facts).filter((name) => error[name] !== undefined && error[name] !== null);
  return h('li', { class: 'refusal', 'data-code': error.code },
    h('p', { class: 'message' }, grouped(error.message)),
    data.length > 0 && h('dl', { class: 'facts' }, data.map((name) =>
      [h('dt', {}, facts[name]), h('dd', { 'data-fact': name }, fact(name, error[name]))])),
    h('p', { class: 'small' }, h('code', {}, error.code), error.retryable ? ' · The same request may succeed later.'
      : ''));
}

// groupsOf puts refusals together that are about the same field, and each only once.
function groupsOf(errors, labelOf) {
  const groups = new Map();
  const seen = new Set();
  for (const error of errors) {
    const label = labelOf(error.path) ?? '';
    const same = `${label} ${error.code} ${error.message}`;
    if (!seen.has(same)) groups.set(label, [...groups.get(label) ?? [], error]);
    seen.add(same);
  }
  return [...groups];
}

// refusals makes a panel for a list of userErrors. labelOf returns the label of the
// field that a path names.
export function refusals(errors, { dryRun } = {}, labelOf = () => '') {
  const id = freshId('refused');
  const title = dryRun ? 'This would be refused' : 'Refused. Nothing was changed.';
  return h('section', { class: 'panel bad', id: `${id}-panel`, role: 'alert', tabindex: '-1', 'aria-labelledby': id },
    h('h3', { id }, title),
    groupsOf(errors, labelOf).map(([label, list]) => [label && h('h4', {}, label),
      h('ul', { class: 'plain' }, list.map(one))]));
}

const titles = { UNAVAILABLE: 'Nothing was changed', NOT_FOUND: 'Not found', FORBIDDEN: 'Not allowed' };

// trouble makes a panel for an ApiError: the problem and the remedy.
export function trouble(error, ...children) {
  const wait = error.extensions?.retryAfter;
  return h('section', { class: 'panel bad', id: freshId('trouble'), role: 'alert', tabindex: '-1' },
    h('h3', {}, titles[error.code] ?? 'The request failed'),
    h('p', { class: 'message' }, grouped(error.message), wait ? ` Try again in ${wait} s.` : ''),
    h('p', { class: 'small' }, h('code', {}, error.code ?? 'ERROR'),
      error.extensions?.id ? ` · id ${error.extensions.id}` : ''),
    children);
}

// status makes a badge for the status of an account, a transfer or a hold.
export const status = (name, text = displayName(name)) => h('span', { class: `badge ${name.toLowerCase()}` }, text);
