// The view of what was posted on several accounts at once.
import { ask, ApiError } from './api.js';
import { h, moment } from './dom.js';
import { amount } from './money.js';
import { journal as journalQuery } from './queries.js';

const headings = ['Leg', 'Account', 'Notes', 'Debit', 'Credit'];

function line({ index, accountId, direction, amount: money, reference, memo }) {
  const figure = (side, sign) => h('td', { class: 'figure' },
    direction === side && [h('span', { class: 'sign' }, sign), amount(money)]);
  return h('tr', {}, h('td', {}, String(index + 1)),
    h('td', {}, h('a', { href: `#/account/${accountId}` }, h('code', { class: 'id' }, accountId))),
    h('td', { class: 'detail' }, [reference, memo].filter(Boolean).join(' · ')), figure('DEBIT', '−'), figure('CREDIT', '+'));
}

export async function journalView({ id, signal }) {
  const { node: posted } = await ask(journalQuery, { id }, { signal });
  if (!posted?.legs) {
    throw new ApiError('NOT_FOUND', `There is no posting ${id} yet. Wait a moment, or check the id.`);
  }
  const hidden = posted.legCount - posted.legs.length;
  return { title: 'Posting', section: 'accounts', element: h('div', {},
    h('div', { class: 'heading' }, h('div', {}, h('h1', {}, 'Posting'),
      h('p', { class: 'small' }, h('code', { class: 'id' }, posted.id)))),
    h('section', { class: 'card' },
      h('p', { class: 'small' }, `${posted.legCount} legs, posted at once by ${posted.caller}, `,
        moment(posted.postedAt)),
      h('table', { class: 'posted' }, h('caption', { class: 'visually-hidden' }, 'Legs, in their order'),
        h('thead', {}, h('tr', {}, headings.map((name, i) =>
          h('th', { scope: 'col', class: i > 2 ? 'figure' : null }, name)))),
        h('tbody', {}, posted.legs.map(line))),
      hidden > 0 && h('p', { class: 'hint' }, `${hidden} more ${hidden === 1 ? 'is' : 'are'} of accounts that you `
        + 'may not see.'))) };
}
