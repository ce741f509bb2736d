// The view of one account: its live balance, the actions on it, its
// transactions, its holds and its transfers in transit.
import { ApiError } from './api.js';
import { Batch } from './batch.js';
import { Chart } from './chart.js';
import { announce, displayName, h, moment, show, time } from './dom.js';
import { Form } from './form.js';
import { forms } from './forms.js';
import { History } from './history.js';
import { Live } from './live.js';
import { amount, isNegative, isZero, shown } from './money.js';
import { status, trouble } from './refusal.js';

const actions = ['deposit', 'withdraw', 'transfer', 'placeHold'];
const lessCommon = ['updateAccount', 'setLimits', 'freezeAccount', 'unfreezeAccount', 'closeAccount'];
const shortTitles = {
  deposit: 'Deposit', withdraw: 'Withdraw', transfer: 'Transfer', placeHold: 'Hold', batch: 'Batch',
  updateAccount: 'Name and metadata',
  setLimits: 'Limits', freezeAccount: 'Freeze', unfreezeAccount: 'Unfreeze', closeAccount: 'Close',
};

function heading(account) {
  return h('div', { class: 'heading' }, h('div', {}, h('h1', {}, account.owner || 'Owner hidden',
    account.name && h('span', { class: 'name' }, ` ${account.name}`)),
    h('p', { class: 'small' }, displayName(account.kind), ' · ', h('code', { class: 'id' }, account.id),
      account.externalId && [' · ', h('code', {}, account.externalId)])),
  h('span', { class: 'status-now' }, status(account.status)));
}

// Hero shows the balance and announces each change to screen readers.
class Hero {
  constructor() {
    this.current = h('p', { class: 'current figure', 'data-balance': 'current' });
    this.announcement = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
    this.parts = h('dl', { class: 'parts' });
    this.notices = h('div', {});
    this.element = h('section', { class: 'card hero', 'aria-label': 'Balance' },
      h('p', { class: 'small label' }, 'Balance'), this.current, this.announcement, this.parts, this.notices);
  }

  update({ account, problem, fault }) {
    const { current, available, held, overdraft, inTransit, version, asOf } = account.balance;
    const before = this.current.dataset.version;
    if (before !== String(version)) {
      show(this.current, shown(current.value), h('span', { class: 'unit' }, ` ${current.currency}`));
      this.current.dataset.version = version;
      this.current.classList.toggle('debit', isNegative(current.value));
      if (before) announce(this.announcement, `Balance ${amount(current)}, available ${amount(available)}`);
    }
    const part = (name, key, money, quiet) => h('div', { class: quiet ? 'quiet' : null }, h('dt', {}, name),
      h('dd', { class: 'figure', 'data-balance': key }, shown(money.value)));
    show(this.parts, part('Available', 'available', available), part('Held', 'held', held, isZero(held.value)),
      part('Overdraft', 'overdraft', overdraft, isZero(overdraft.value)),
      part('In transit', 'inTransit', inTransit, isZero(inTransit.value)),
      h('div', { class: 'quiet' }, h('dt', {}, 'Version'), h('dd', { class: 'figure', title: moment(asOf) },
        String(version))));
    this.#notices(account, problem, fault);
  }

  #notices({ freeze, stale, closedAt }, problem, fault) {
    const blocked = [freeze?.debits && 'Debits', freeze?.credits && 'Credits'].filter(Boolean).join(' and ');
    const state = JSON.stringify([freeze, stale, closedAt, problem?.message, fault]);
    if (state === this.noticeState) return; // an unchanged alert must not be announced again
    this.noticeState = state;
    show(this.notices,
      freeze && h('p', { class: 'notice' },
        `${blocked} are blocked since ${moment(freeze.since)}. Reason: ${freeze.reason} (${freeze.by})`),
      closedAt && h('p', { class: 'notice' }, `Closed permanently at ${moment(closedAt)}.`),
      stale && h('p', { class: 'notice' },
        `This view has not been updated since ${moment(stale.since)}: ${stale.reason}. `,
        'The money is not affected. An operator must run corebank replay.'),
      problem && h('p', { class: 'notice', role: 'status' }, `This page may be out of date: ${problem.message}`),
      fault && h('p', { class: 'notice', role: 'alert' },
        `Live updates stopped: ${fault} Reload the page to try again.`));
  }
}

function menu(account, chosen) {
  const item = (name) => h('a', { class: 'button', href: `#/account/${account.id}/${name}`,
    'aria-current': chosen === name ? 'page' : null }, shortTitles[name]);
  const applies = (name) => (name === 'unfreezeAccount' ? account.freeze : true);
  return h('nav', { class: 'actions', 'aria-label': 'Actions' },
    actions.map(item),
    h('details', { class: 'menu', open: lessCommon.includes(chosen) || chosen === 'batch' },
      h('summary', { class: 'button' }, 'More'), h('div', { class: 'buttons' }, item('batch'),
      lessCommon.filter(applies).map(item))));
}

function holds(account) {
  const line = (hold) => h('li', { 'data-hold': hold.id },
    h('span', { class: 'figure' }, amount(hold.remaining)),
    h('span', { class: 'small' }, [hold.reference, hold.memo].filter(Boolean).map((note) => `${note} · `),
      'expires ', time(hold.expiresAt)),
    h('span', { class: 'buttons' },
      h('a', { class: 'button', href: `#/account/${account.id}/captureHold?hold=${hold.id}` }, 'Capture'),
      h('a', { class: 'button', href: `#/account/${account.id}/adjustHold?hold=${hold.id}` }, 'Adjust'),
      h('a', { class: 'button', href: `#/account/${account.id}/releaseHold?hold=${hold.id}` }, 'Release')));
  return h('section', { class: 'card' }, h('h2', {}, 'Holds'),
    account.holds.length ? h('ul', { class: 'plain lines' }, account.holds.map(line))
      : h('p', { class: 'hint' }, 'No active holds.'));
}

function transit(account) {
  if (account.transfersInTransit.length === 0) return null;
  return h('section', { class: 'card' }, h('h2', {}, 'Transfers in transit'),
    h('ul', { class: 'plain lines' }, account.transfersInTransit.map((one) => h('li', {},
      h('span', { class: 'figure' }, amount(one.amount)),
      h('a', { href: `#/transfer/${one.transferId}` }, 'to ', h('code', { class: 'id' }, one.toAccountId))))));
}

function limitsCard({ limits }) {
  const pair = (name, value) => [h('dt', {}, name), h('dd', { class: 'figure' }, value)];
  return h('section', { class: 'card' }, h('h2', {}, 'Limits'), h('dl', { class: 'facts' },
    pair('Overdraft', amount(limits.overdraft)),
    pair('Maximum per debit', limits.debitPerTransaction ? amount(limits.debitPerTransaction) : 'no limit'),
    pair('Maximum per day', limits.debitPerDay ? amount(limits.debitPerDay) : 'no limit'),
    pair('Spent today', amount(limits.spentToday)),
    limits.remainingToday && pair('Remaining today', amount(limits.remainingToday)),
    limits.debitPerDay && pair('Resets at', moment(limits.resetsAt))));
}

// changing renders parts again only when the account has a new version, so that
// the keyboard focus stays where it is.
function changing(make) {
  const element = h('div', { class: 'changing' });
  let shownVersion;
  return { element, update(account) {
    if (account.version === shownVersion) return;
    shownVersion = account.version;
    show(element, make(account));
  } };
}

function formOf(name, live, parameters) {
  // After a batch, the newest version of this account is the highest that any result names.
  const versionAfter = ({ account, results = [] }) => account?.version
    ?? Math.max(0, ...results.map((one) => (one.account?.id === live.id ? one.account.version : 0)));
  const then = (done) => live.refresh(versionAfter(done)).catch(() => {});
  const context = { account: live.account, parameters, then };
  if (name === 'batch') return new Batch(context);
  return forms[name] && name !== 'openAccount' ? new Form(name, context) : null;
}

// accountView follows one account until the signal aborts. Switching between the
// account's forms keeps the view: see turn.
export async function accountView({ id, more, parameters, signal }) {
  const live = new Live(id, signal);
  const account = await live.open();
  if (!account) {
    const error = new ApiError('NOT_FOUND', `There is no account ${id}. Check the id or search the list of accounts.`);
    const list = h('a', { class: 'button', href: '#/accounts' }, 'All accounts');
    return { title: 'No such account', element: trouble(error, list) };
  }
  const hero = new Hero();
  const chart = new Chart();
  const history = new History(live);
  const head = changing(heading);
  const side = changing((now) => [holds(now), transit(now), limitsCard(now)]);
  const formArea = h('div', { class: 'form-area' });
  const bar = h('div');
  let chosen = more;
  let unfreezeOffered = null; // whether the menu offers to unfreeze
  signal.addEventListener('abort', () => chart.stop());
  const update = () => {
    hero.update(live);
    head.update(live.account);
    side.update(live.account);
    const frozen = Boolean(live.account.freeze);
    if (frozen !== unfreezeOffered) show(bar, menu(live.account, chosen));
    unfreezeOffered = frozen;
  };
  live.addEventListener('account', update);
  live.addEventListener('fault', update);
  live.addEventListener('rows', () => { chart.update(live.ledger); history.update(); });

  const turn = (route) => {
    chosen = route.more;
    const form = formOf(chosen, live, route.parameters);
    show(bar, menu(live.account, chosen));
    const close = h('a', { class: 'button quiet close', href: `#/account/${id}`, 'aria-label': 'Close the form',
      title: 'Close the form' }, '✕');
    show(formArea, form && [close, form.element]);
    const action = chosen === 'batch' ? 'Batch' : forms[chosen]?.title;
    return { title: [action, live.account.owner || id].filter(Boolean).join(' · '),
      focus: form ? () => { formArea.scrollIntoView({ block: 'nearest' }); form.focus(); } : null };
  };
  update();
  chart.update(live.ledger);
  history.update();
  const element = h('div', {}, head.element,
    h('div', { class: 'columns' },
      h('div', { class: 'main-column' }, hero.element, bar, formArea,
        h('section', { class: 'card' }, h('h2', {}, 'Balance over time'), chart.element), history.element),
      h('div', { class: 'side-column' }, side.element)));
  return { section: 'accounts', element, key: `account/${id}`, turn, ...turn({ more, parameters }) };
}
