// The place of the forms on an account's page: which of them are offered, which one
// is open, and what was typed into those that were closed.
import { Batch } from './batch.js';
import { h, show } from './dom.js';
import { Form } from './form.js';
import { batchItems, forms } from './forms.js';
import { allows, why } from './offer.js';
import { may } from './rights.js';

export const shortTitles = {
  deposit: 'Deposit', withdraw: 'Withdraw', transfer: 'Transfer', placeHold: 'Hold', batch: 'Batch',
  postTransaction: 'Posting',
  updateAccount: 'Name and metadata',
  setLimits: 'Limits', freezeAccount: 'Freeze', unfreezeAccount: 'Unfreeze', closeAccount: 'Close',
};

// offered reports whether an account and its caller's rights allow a form.
export function offered(name, account) {
  if (name === 'batch') return may('postBatch') && batchItems.some((item) => offered(item, account));
  return may(name) && allows(account, name);
}

// refusal stands in the place of a form that must fail.
function refusal(name, account) {
  const reason = may(name === 'batch' ? 'postBatch' : name) ? why(account, name)
    : 'Your role does not allow this. Sign in with another token to do it.';
  return h('section', { class: 'card' }, h('h2', {}, shortTitles[name] ?? forms[name].title),
    h('p', { class: 'notice', tabindex: '-1', role: 'status' }, reason));
}

// Desk holds the form that is open, and those that were closed before they were
// sent: opened again, they are as they were left.
export class Desk {
  #left = new Map();

  constructor(live) {
    this.live = live;
    this.element = h('div', { class: 'form-area' });
  }

  // turn opens the form that a route names, or none.
  turn(route) {
    const { more, parameters } = route;
    this.route = route;
    if (this.form?.unfinished) this.#left.set(this.key, this.form);
    else this.#left.delete(this.key);
    this.key = JSON.stringify([more, parameters]);
    this.known = more === 'batch' || (Object.hasOwn(forms, more) && more !== 'openAccount');
    const { account } = this.live;
    const left = this.#left.get(this.key);
    this.form = this.known && (left ?? (offered(more, account) ? this.#make(more, parameters) : null));
    const close = h('a', { class: 'button quiet close', href: `#/account/${account.id}`, 'aria-label': 'Close the form',
      title: 'Close the form (Escape)' }, '✕');
    show(this.element, this.known && [close, this.form ? this.form.element : refusal(more, account)]);
    return this.known;
  }

  // update puts a form in the place of its refusal, or the other way round, when the
  // account has changed. What was typed or answered stays.
  update() {
    if (!this.known || this.form?.unfinished || this.form?.finished || this.form?.done) return;
    if (offered(this.route.more, this.live.account) !== Boolean(this.form)) this.turn(this.route);
  }

  #make(name, parameters) {
    // After a batch, the newest version of this account is the highest that any result names.
    const versionAfter = ({ account, results = [], journal }) => account?.version
      ?? Math.max(0, ...results.map((one) => (one.account?.id === this.live.id ? one.account.version : 0)),
        ...journal?.legs.map((leg) => (leg.accountId === this.live.id ? leg.transaction?.version ?? 0 : 0)) ?? []);
    const context = { account: this.live.account, parameters, replaced: (next) => { this.form = next; },
      then: (done) => this.live.refresh(versionAfter(done)) };
    return name === 'batch' ? new Batch(context) : new Form(name, context);
  }

  focus() {
    this.element.scrollIntoView({ block: 'nearest' });
    if (this.form) this.form.focus();
    else this.element.querySelector('.notice').focus();
  }
}

// leave closes what Escape closes: an open list of choices around the focus, or else
// the form, unless its outcome is not known.
export function leave(event, element, desk, address) {
  if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
  if (element.hidden || document.querySelector('dialog')) return;
  const menu = document.activeElement?.closest('details[open]') ?? element.querySelector('details.menu[open]');
  if (menu && element.contains(menu) && !(menu.matches('.form .more'))) {
    menu.open = false;
    menu.querySelector('summary').focus();
  } else if (desk.element.childElementCount > 0) {
    if (!desk.form?.busy && !desk.form?.doubtful) location.hash = address;
  } else {
    element.querySelector('details.more[open]')?.removeAttribute('open');
  }
}
