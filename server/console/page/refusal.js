// Refusals: the bank's own words, its data, and the field that they are about.
import { freshId, h, moment, said } from './dom.js';
import { amount } from './money.js';

const facts = {
  shortfall: 'Missing', available: 'Available', limit: 'Limit', remaining: 'Remaining', resetsAt: 'Whole again at', used: 'In use',
  balance: 'Balance', held: 'Held', inTransit: 'In transit', since: 'Since', reason: 'Reason', expected: 'Currency of the account',
  maxPrecision: 'Most decimals', fields: 'What differs', most: 'Most', by: 'Undone by', accountId: 'Account',
};

function fact(name, value) {
  if (name === 'accountId') return h('a', { href: `#/account/${value}` }, value);
  if (value.currency) return h('span', { class: 'figure' }, amount(value));
  if (name === 'since' || name === 'resetsAt') return moment(value);
  return Array.isArray(value) ? value.join(', ') : String(value);
}

// fieldOf is the input field that a path names: input.amount.value is "amount".
export const fieldOf = (path) => path?.[path.indexOf('input') + 1];

function one(error) {
  const data = Object.keys(facts).filter((name) => error[name] !== undefined && error[name] !== null);
  return h('li', { class: 'refusal', 'data-code': error.code },
    h('p', { class: 'message' }, error.message),
    data.length > 0 && h('dl', { class: 'facts' }, data.map((name) => [h('dt', {}, facts[name]), h('dd', { 'data-fact': name }, fact(name, error[name]))])),
    h('p', { class: 'small' }, h('code', {}, error.code), error.retryable ? ' · The same request may pass later.' : ''));
}

// refusals is a panel for a list of userErrors.
export function refusals(errors, { dryRun } = {}) {
  const id = freshId('refused');
  const title = dryRun ? 'It would be refused' : 'Refused: nothing happened';
  return h('section', { class: 'panel bad', role: 'alert', tabindex: '-1', 'aria-labelledby': id },
    h('h3', { id }, title),
    h('ul', { class: 'plain' }, errors.map(one)));
}

// trouble is a panel for an ApiError: what is wrong and what to do about it.
export function trouble(error, ...children) {
  const wait = error.extensions?.retryAfter;
  return h('section', { class: 'panel bad', role: 'alert', tabindex: '-1' },
    h('h3', {}, error.code === 'UNAVAILABLE' ? 'Nothing happened' : 'That did not work'),
    h('p', { class: 'message' }, error.message, wait ? ` Try again in ${wait} s.` : ''),
    h('p', { class: 'small' }, h('code', {}, error.code ?? 'ERROR'), error.extensions?.id ? ` · id ${error.extensions.id}` : ''),
    children);
}

// ended says the end of a transfer or of anything else with a status.
export const status = (name) => h('span', { class: `badge ${name.toLowerCase()}` }, said(name));
