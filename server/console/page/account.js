// One account: its balance as it changes, what can be done with it, its
// transactions, holds and transfers on their way.
import { ApiError } from './api.js';
import { Batch } from './batch.js';
import { Chart } from './chart.js';
import { announce, h, moment, said, show, time } from './dom.js';
import { Form } from './form.js';
import { forms } from './forms.js';
import { History } from './history.js';
import { Live } from './live.js';
import { amount, isNegative, isZero, shown } from './money.js';
import { status, trouble } from './refusal.js';

const actions = ['deposit', 'withdraw', 'transfer', 'placeHold'];
const seldom = ['updateAccount', 'setLimits', 'freezeAccount', 'unfreezeAccount', 'closeAccount'];
const shortTitles = {
  deposit: 'Deposit', withdraw: 'Withdraw', transfer: 'Transfer', placeHold: 'Hold', batch: 'Batch', updateAccount: 'Name and metadata',
  setLimits: 'Limits', freezeAccount: 'Freeze', unfreezeAccount: 'Unfreeze', closeAccount: 'Close',
};

function heading(account) {
  return h('div', { class: 'heading' }, h('div', {}, h('h1', {}, account.owner || 'Not shown', account.name && h('span', { class: 'name' }, ` ${account.name}`)),
    h('p', { class: 'small' }, said(account.kind), ' · ', h('code', { class: 'id' }, account.id), account.externalId && [' · ', h('code', {}, account.externalId)])),
  h('span', { class: 'status-now' }, status(account.status)));
}

// Hero shows the balance, and says it aloud when it changes.
class Hero {
  constructor() {
    this.current = h('p', { class: 'current figure', 'data-balance': 'current' });
    this.aloud = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
    this.parts = h('dl', { class: 'parts' });
    this.notices = h('div', {});
    this.element = h('section', { class: 'card hero', 'aria-label': 'Balance' }, h('p', { class: 'small label' }, 'Balance'), this.current, this.aloud, this.parts, this.notices);
  }

  update({ account, problem, fault }) {
    const { current, available, held, overdraft, inTransit, version, asOf } = account.balance;
    const before = this.current.dataset.version;
    if (before !== String(version)) {
      show(this.current, shown(current.value), h('span', { class: 'unit' }, ` ${current.currency}`));
      this.current.dataset.version = version;
      this.current.classList.toggle('debit', isNegative(current.value));
      if (before) announce(this.aloud, `Balance ${amount(current)}, available ${amount(available)}`);
    }
    const part = (name, key, money, quiet) => h('div', { class: quiet ? 'quiet' : null }, h('dt', {}, name), h('dd', { class: 'figure', 'data-balance': key }, shown(money.value)));
    show(this.parts, part('Available', 'available', available), part('Held', 'held', held, isZero(held.value)),
      part('Overdraft', 'overdraft', overdraft, isZero(overdraft.value)), part('In transit', 'inTransit', inTransit, isZero(inTransit.value)),
      h('div', { class: 'quiet' }, h('dt', {}, 'Version'), h('dd', { class: 'figure', title: moment(asOf) }, String(version))));
    this.#notices(account, problem, fault);
  }

  #notices({ freeze, stale, closedAt }, problem, fault) {
    const forbidden = freeze && (freeze.debits && freeze.credits ? 'Nothing may go in or out' : freeze.debits ? 'Nothing may go out' : 'Nothing may come in');
    const said = JSON.stringify([freeze, stale, closedAt, problem?.message, fault]);
    if (said === this.said) return; // so that an alert is not told again
    this.said = said;
    show(this.notices,
      freeze && h('p', { class: 'notice' }, `${forbidden} since ${moment(freeze.since)}: ${freeze.reason} (${freeze.by})`),
      closedAt && h('p', { class: 'notice' }, `Closed at ${moment(closedAt)}, for ever.`),
      stale && h('p', { class: 'notice' }, `This view stands still since ${moment(stale.since)}: ${stale.reason}. The money is not affected; an operator has to run corebank replay.`),
      problem && h('p', { class: 'notice', role: 'status' }, `What is shown may be old: ${problem.message}`),
      fault && h('p', { class: 'notice', role: 'alert' }, `Live transactions ended: ${fault} Reload the page to try again.`));
  }
}

function menu(account, chosen) {
  const item = (name) => h('a', { class: 'button', href: `#/account/${account.id}/${name}`, 'aria-current': chosen === name ? 'page' : null }, shortTitles[name]);
  const fits = (name) => (name === 'unfreezeAccount' ? account.freeze : true);
  return h('nav', { class: 'actions', 'aria-label': 'What to do' },
    actions.map(item),
    h('details', { class: 'menu', open: seldom.includes(chosen) || chosen === 'batch' }, h('summary', { class: 'button' }, 'More'), h('div', { class: 'buttons' }, item('batch'), seldom.filter(fits).map(item))));
}

function holds(account) {
  const line = (hold) => h('li', { 'data-hold': hold.id },
    h('span', { class: 'figure' }, amount(hold.remaining)),
    h('span', { class: 'small' }, [hold.reference, hold.memo].filter(Boolean).join(' · '), ' ends ', time(hold.expiresAt)),
    h('span', { class: 'buttons' },
      h('a', { class: 'button', href: `#/account/${account.id}/captureHold?hold=${hold.id}` }, 'Capture'),
      h('a', { class: 'button', href: `#/account/${account.id}/releaseHold?hold=${hold.id}` }, 'Release')));
  return h('section', { class: 'card' }, h('h2', {}, 'Holds'),
    account.holds.length ? h('ul', { class: 'plain lines' }, account.holds.map(line)) : h('p', { class: 'hint' }, 'Nothing is held back.'));
}

function transit(account) {
  if (account.transfersInTransit.length === 0) return null;
  return h('section', { class: 'card' }, h('h2', {}, 'Transfers on their way'),
    h('ul', { class: 'plain lines' }, account.transfersInTransit.map((one) => h('li', {}, h('span', { class: 'figure' }, amount(one.amount)),
      h('a', { href: `#/transfer/${one.transferId}` }, 'to ', h('code', { class: 'id' }, one.toAccountId))))));
}

function bounds({ limits }) {
  const pair = (name, value) => [h('dt', {}, name), h('dd', { class: 'figure' }, value)];
  return h('section', { class: 'card' }, h('h2', {}, 'Limits'), h('dl', { class: 'facts' },
    pair('Overdraft', amount(limits.overdraft)),
    pair('Most per debit', limits.debitPerTransaction ? amount(limits.debitPerTransaction) : 'no limit'),
    pair('Most per day', limits.debitPerDay ? amount(limits.debitPerDay) : 'no limit'),
    pair('Spent today', amount(limits.spentToday)),
    limits.remainingToday && pair('Left today', amount(limits.remainingToday)),
    limits.debitPerDay && pair('Whole again at', moment(limits.resetsAt))));
}

// changing shows parts anew when the account has another version, and not else,
// so that the focus stays where it is.
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
  const context = { account: live.account, parameters,
    then: (done) => live.refresh(done.account?.version ?? Math.max(0, ...(done.results ?? []).map((one) => (one.account?.id === live.id ? one.account.version : 0)))).catch(() => {}) };
  if (name === 'batch') return new Batch(context);
  return forms[name] && name !== 'openAccount' ? new Form(name, context) : null;
}

// accountView follows one account until its signal says stop. Going from one of
// its forms to another keeps it: see turn.
export async function accountView({ id, more, parameters, signal }) {
  const live = new Live(id, signal);
  const account = await live.open();
  if (!account) {
    return { title: 'No such account', element: trouble(new ApiError('NOT_FOUND', `There is no account ${id}. Check the id, or look for it in the list.`), h('a', { class: 'button', href: '#/accounts' }, 'All accounts')) };
  }
  const hero = new Hero();
  const chart = new Chart();
  const history = new History(live);
  const head = changing(heading);
  const side = changing((now) => [holds(now), transit(now), bounds(now)]);
  const place = h('div', { class: 'form-place' });
  const bar = h('div');
  let chosen = more;
  let offered = null; // whether the menu offers to unfreeze
  signal.addEventListener('abort', () => chart.stop());
  const update = () => {
    hero.update(live);
    head.update(live.account);
    side.update(live.account);
    const frozen = Boolean(live.account.freeze);
    if (frozen !== offered) show(bar, menu(live.account, chosen));
    offered = frozen;
  };
  live.addEventListener('account', update);
  live.addEventListener('fault', update);
  live.addEventListener('rows', () => { chart.update(live.ledger.rows); history.update(); });

  const turn = (route) => {
    chosen = route.more;
    const form = formOf(chosen, live, route.parameters);
    show(bar, menu(live.account, chosen));
    show(place, form && [h('a', { class: 'button quiet close', href: `#/account/${id}`, 'aria-label': 'Close the form', title: 'Close the form' }, '✕'), form.element]);
    const action = chosen === 'batch' ? 'Batch' : forms[chosen]?.title;
    return { title: [action, live.account.owner || id].filter(Boolean).join(' · '), focus: form ? () => { place.scrollIntoView({ block: 'nearest' }); form.focus(); } : null };
  };
  update();
  chart.update(live.ledger.rows);
  history.update();
  const element = h('div', {}, head.element,
    h('div', { class: 'columns' },
      h('div', { class: 'main-column' }, hero.element, bar, place,
        h('section', { class: 'card' }, h('h2', {}, 'Balance over time'), chart.element), history.element),
      h('div', { class: 'side-column' }, side.element)));
  return { section: 'accounts', element, key: `account/${id}`, turn, ...turn({ more, parameters }) };
}
