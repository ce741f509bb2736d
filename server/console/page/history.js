// An account's transactions: live ones on top, older ones by the page, or those
// that fit a filter.
import { ask } from './api.js';
import { freshId, h, said, show } from './dom.js';
import { momentOf } from './field.js';
import { amount, typed } from './money.js';
import { history, totals } from './queries.js';
import { trouble } from './refusal.js';
import { Rows } from './rows.js';

const types = ['DEPOSIT', 'WITHDRAWAL', 'TRANSFER_OUT', 'TRANSFER_IN', 'TRANSFER_RETURNED', 'HOLD_CAPTURE', 'REVERSAL'];
const page = 50;

function labelled(label, control) {
  control.id = freshId('filter');
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
}

export class History {
  constructor(live) {
    this.live = live;
    this.rows = new Rows('Transactions, newest first');
    this.outcome = h('div', { 'aria-live': 'polite' });
    this.older = h('button', { type: 'button', onclick: () => this.#more() }, 'Older transactions');
    this.filter = null; // what is asked for; null for everything, live
    this.element = h('section', { class: 'card', 'aria-label': 'Transactions' }, h('h2', {}, 'Transactions'),
      this.#form(), this.outcome, this.rows.element, h('div', { class: 'buttons' }, this.older));
  }

  #form() {
    this.type = h('select', {}, h('option', { value: '' }, 'Any'), types.map((one) => h('option', { value: one }, said(one))));
    this.direction = h('select', {}, [['', 'In and out'], ['CREDIT', 'In'], ['DEBIT', 'Out']].map(([value, label]) => h('option', { value }, label)));
    this.since = h('input', { type: 'datetime-local', step: '1' });
    this.until = h('input', { type: 'datetime-local', step: '1' });
    this.least = h('input', { inputmode: 'decimal', size: '8', class: 'figure' });
    this.most = h('input', { inputmode: 'decimal', size: '8', class: 'figure' });
    this.reference = h('input', { autocomplete: 'off' });
    return h('details', { class: 'more' }, h('summary', {}, 'Filter'),
      h('form', { class: 'filter', 'aria-label': 'Filter the transactions', onsubmit: (event) => this.#apply(event), onreset: () => this.#all() },
        labelled('Type', this.type), labelled('Direction', this.direction), labelled('Since (UTC)', this.since), labelled('Until (UTC)', this.until),
        labelled('At least', this.least), labelled('At most', this.most), labelled('Reference, exactly', this.reference),
        h('button', { type: 'submit' }, 'Filter'), h('button', { type: 'reset', class: 'quiet' }, 'All, live')));
  }

  #wanted() {
    const moment = (control) => (control.value ? momentOf(control.value) : undefined);
    return {
      types: this.type.value ? [this.type.value] : undefined, direction: this.direction.value || undefined,
      since: moment(this.since), until: moment(this.until),
      minAmount: typed(this.least.value) || undefined, maxAmount: typed(this.most.value) || undefined,
      reference: this.reference.value.trim() || undefined,
    };
  }

  async #apply(event) {
    event.preventDefault();
    this.filter = this.#wanted();
    this.found = [];
    this.cursor = undefined;
    await this.#page(this.filter);
  }

  #all() {
    this.filter = null;
    show(this.outcome);
    this.update();
  }

  // #page adds a page of what fits. An answer for a filter that is no longer
  // the one in use is dropped.
  async #page(filter) {
    const { id, signal } = this.live;
    try {
      const [{ history: found }, sums] = await Promise.all([
        ask(history, { accountId: id, first: page, after: this.cursor, filter }, { signal }), ask(totals, { accountId: id, filter }, { signal })]);
      if (this.filter !== filter) return;
      this.found.push(...found.edges.map(({ node }) => node));
      this.cursor = found.pageInfo.endCursor;
      this.more = found.pageInfo.hasNextPage;
      const { count, credits, debits } = sums.history.totals;
      show(this.outcome, h('p', { class: 'hint' }, `${count} fit: ${amount(credits)} came in, ${amount(debits)} went out. Live transactions wait until you show all.`));
      this.update();
    } catch (error) {
      if (!signal.aborted && this.filter === filter) show(this.outcome, trouble(error));
    }
  }

  async #more() {
    this.older.disabled = true;
    try {
      if (this.filter) await this.#page(this.filter);
      else await this.live.older();
    } catch (error) {
      show(this.outcome, trouble(error));
    }
    this.older.disabled = false;
  }

  update() {
    this.rows.update(this.filter ? this.found : this.live.ledger.rows);
    this.older.hidden = !(this.filter ? this.more : this.live.ledger.more);
  }
}
