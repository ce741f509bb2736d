// The view of one account: its live balance, the actions on it, its
// transactions, its holds and its transfers in transit.
import { ApiError } from './api.js';
import { Chart } from './chart.js';
import { Desk, leave, offered, shortTitles } from './desk.js';
import { announce, displayName, h, moment, onceAFrame, show, time } from './dom.js';
import { forms } from './forms.js';
import { History } from './history.js';
import { holdButtons } from './hold.js';
import { Live } from './live.js';
import { amount, isNegative, isZero, shown } from './money.js';
import { status } from './refusal.js';

const actions = ['deposit', 'withdraw', 'transfer', 'placeHold'];
const lessCommon = ['postTransaction', 'updateAccount', 'setLimits', 'freezeAccount', 'unfreezeAccount',
  'closeAccount'];
function heading(account) {
  return h('div', { class: 'heading' }, h('div', {}, h('h1', {}, account.owner || 'Owner hidden',
    account.name && h('span', { class: 'name' }, ` ${account.name}`)),
    h('p', { class: 'small' }, displayName(account.kind), ' · ', h('code', { class: 'id' }, account.id),
      account.externalId && [' · ', h('code', {}, account.externalId)])),
  h('span', { class: 'status-now' }, status(account.status)));
}

const quiet = 1000; // without a change for so long, the balance is announced
const listed = 50; // holds and transfers that are shown

// Hero shows the balance. It tells screen readers when it has come to rest.
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
      clearTimeout(this.resting);
      if (before) {
        this.resting = setTimeout(() =>
          announce(this.announcement, `Balance ${amount(current)}, available ${amount(available)}`), quiet);
      }
    }
    const part = (name, key, money, none) => h('div', { class: none ? 'quiet' : null }, h('dt', {}, name),
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
        `The bank does not report changes: ${fault} The page asks for them instead.`));
  }
}

function menu(account, chosen) {
  const item = (name) => h('a', { class: 'button', href: `#/account/${account.id}/${name}`,
    'aria-current': chosen === name ? 'page' : null }, shortTitles[name]);
  const [first, others] = [actions, ['batch', ...lessCommon]]
    .map((names) => names.filter((name) => offered(name, account)));
  if (first.length + others.length === 0) return null;
  return h('nav', { class: 'actions', 'aria-label': 'Actions' }, first.map(item),
    others.length > 0 && h('details', { class: 'menu', open: others.includes(chosen) },
      h('summary', { class: 'button' }, 'More'), h('div', { class: 'buttons' }, others.map(item))));
}

// bounded is a list of at most so many lines, and says how many it leaves out.
function bounded(list, line) {
  const rest = list.length - listed;
  return [h('ul', { class: 'plain lines' }, list.slice(0, listed).map(line)),
    rest > 0 && h('p', { class: 'hint' }, `${rest} more ${rest === 1 ? 'is' : 'are'} not shown.`)];
}

function holds(account) {
  const line = (hold) => h('li', { 'data-hold': hold.id },
    h('a', { class: 'figure', href: `#/hold/${hold.id}` }, amount(hold.remaining)),
    h('span', { class: 'small' }, [hold.reference, hold.memo].filter(Boolean).map((note) => `${note} · `),
      'expires ', time(hold.expiresAt)), holdButtons(account, hold));
  return h('section', { class: 'card' }, h('h2', {}, 'Holds'),
    account.holds.length ? bounded(account.holds, line) : h('p', { class: 'hint' }, 'No active holds.'));
}

function transit(account) {
  if (account.transfersInTransit.length === 0) return null;
  return h('section', { class: 'card' }, h('h2', {}, 'Transfers in transit'),
    bounded(account.transfersInTransit, (one) => h('li', {},
      h('span', { class: 'figure' }, amount(one.amount)),
      h('a', { href: `#/transfer/${one.transferId}` }, 'to ', h('code', { class: 'id' }, one.toAccountId)))));
}

function limitsCard({ limits }) {
  const pair = (name, value) => [h('dt', {}, name), h('dd', { class: 'figure' }, value)];
  return h('section', { class: 'card' }, h('h2', {}, 'Limits'), h('dl', { class: 'facts' },
    pair('Overdraft', amount(limits.overdraft)),
    pair('Per debit', limits.debitPerTransaction ? amount(limits.debitPerTransaction) : 'no limit'),
    pair('Per day', limits.debitPerDay ? amount(limits.debitPerDay) : 'no limit'),
    pair('Spent today', amount(limits.spentToday)),
    limits.remainingToday && pair('Remaining today', amount(limits.remainingToday)),
    limits.debitPerDay && pair('Resets at', moment(limits.resetsAt))));
}

// changing renders a part of the page again only when what it shows has changed, so
// that the keyboard focus stays where it is.
function changing(make, of) {
  const element = h('div', { class: 'changing' });
  let last;
  return { element, update(account) {
    const now = JSON.stringify(of(account));
    if (now === last) return;
    last = now;
    show(element, make(account));
  } };
}

// accountView follows one account until the signal aborts. Switching between the
// account's forms keeps the view: see turn.
export async function accountView({ id, more, parameters, signal }) {
  const live = new Live(id, signal);
  const account = await live.open();
  if (!account) {
    throw new ApiError('NOT_FOUND', `There is no account ${id}. Check the id, or search the list of accounts.`);
  }
  const hero = new Hero();
  const chart = new Chart();
  const history = new History(live);
  const desk = new Desk(live);
  const head = changing(heading, ({ version, balance, limits, holds: held, history: rows, ...named }) => named);
  const side = changing((now) => [holds(now), transit(now), limitsCard(now)],
    ({ id: of, status: state, freeze, currency, holds: held, transfersInTransit, limits }) =>
      [of, state, freeze, currency, held, transfersInTransit, limits]);
  let chosen = more;
  const bar = changing((now) => menu(now, chosen), (now) =>
    [chosen, [...actions, 'batch', ...lessCommon].map((name) => offered(name, now))]);
  const draw = () => {
    if (signal.aborted) return;
    const begun = performance.now();
    hero.update(live);
    for (const part of [head, side, bar, desk]) part.update(live.account);
    chart.update(live.rows, live.ledger.more && !live.ledger.full);
    history.update();
    live.drawn(performance.now() - begun);
  };
  live.addEventListener('change', onceAFrame(draw));

  const turn = (route) => {
    chosen = route.more;
    const open = desk.turn(route);
    bar.update(live.account);
    const action = chosen === 'batch' ? 'Batch' : open && forms[chosen].title;
    return { title: [action, live.account.owner || id].filter(Boolean).join(' · '),
      focus: open ? () => desk.focus() : null };
  };
  draw();
  const element = h('div', {}, head.element,
    h('div', { class: 'columns' },
      h('div', { class: 'main-column' }, hero.element, bar.element, desk.element,
        h('section', { class: 'card' }, h('h2', {}, 'Balance over time'), chart.element), history.element),
      h('div', { class: 'side-column' }, side.element)));
  document.addEventListener('keydown', (event) => leave(event, element, desk, `#/account/${id}`), { signal });
  signal.addEventListener('abort', () => chart.stop());
  return { section: 'accounts', element, key: `account/${id}`, turn, ...turn({ more, parameters }) };
}
