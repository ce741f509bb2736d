// An account's transactions: live ones first, older ones page by page, or those
// that match a filter.
import { ApiError, ask } from './api.js';
import { displayName, freshId, h, show } from './dom.js';
import { halfMoment, momentOf } from './field.js';
import { amount, typed } from './money.js';
import { most } from './ledger.js';
import { history, totals } from './queries.js';
import { trouble } from './refusal.js';
import { Rows } from './rows.js';

const types = ['DEPOSIT', 'WITHDRAWAL', 'TRANSFER_OUT', 'TRANSFER_IN', 'TRANSFER_RETURNED', 'HOLD_CAPTURE', 'REVERSAL',
  'POSTING'];
const directions = [['', 'In and out'], ['CREDIT', 'In'], ['DEBIT', 'Out']];
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
    this.bound = h('p', { class: 'hint' }, `The list shows at most ${most} transactions. `
      + 'Filter by time to see older ones.');
    this.older = h('button', { type: 'button', onclick: () => this.#more() }, 'Older transactions');
    this.filter = null; // null shows everything, live
    this.element = h('section', { class: 'card', 'aria-label': 'Transactions' }, h('h2', {}, 'Transactions'),
      this.#form(), this.outcome, this.rows.element, h('div', { class: 'buttons' }, this.older), this.bound);
  }

  #form() {
    this.type = h('select', {}, h('option', { value: '' }, 'Any'),
      types.map((one) => h('option', { value: one }, displayName(one))));
    this.direction = h('select', {}, directions.map(([value, label]) => h('option', { value }, label)));
    this.since = h('input', { type: 'datetime-local', step: '1' });
    this.until = h('input', { type: 'datetime-local', step: '1' });
    this.minAmount = h('input', { inputmode: 'decimal', size: '8', class: 'figure' });
    this.maxAmount = h('input', { inputmode: 'decimal', size: '8', class: 'figure' });
    this.reference = h('input', { autocomplete: 'off' });
    return h('details', { class: 'more' }, h('summary', {}, 'Filter'),
      h('form', { class: 'filter', novalidate: true, 'aria-label': 'Filter the transactions',
        onsubmit: (event) => this.#apply(event),
        onreset: () => this.#all() },
        labelled('Type', this.type), labelled('Direction', this.direction), labelled('From (UTC)', this.since),
        labelled('Until (UTC)', this.until),
        labelled('Minimum amount', this.minAmount), labelled('Maximum amount', this.maxAmount),
        labelled('Reference (exact)', this.reference),
        h('button', { type: 'submit' }, 'Filter'), h('button', { type: 'reset', class: 'quiet' }, 'Clear the filter')));
  }

  // #wanted returns the filter, or the problem with what was typed.
  #wanted() {
    const moment = (control) => (control.value ? momentOf(control.value) : undefined);
    const bounds = [this.minAmount, this.maxAmount].map((control) => {
      const read = control.value.trim() ? typed(control.value, this.live.account.currency) : {};
      control.toggleAttribute('aria-invalid', Boolean(read.problem));
      return read;
    });
    const half = [this.since, this.until].some(({ validity }) => validity.badInput) && halfMoment;
    return {
      problem: half || bounds.find(({ problem }) => problem)?.problem,
      filter: {
        types: this.type.value ? [this.type.value] : undefined, direction: this.direction.value || undefined,
        since: moment(this.since), until: moment(this.until),
        minAmount: bounds[0].value, maxAmount: bounds[1].value, reference: this.reference.value.trim() || undefined,
      },
    };
  }

  async #apply(event) {
    event.preventDefault();
    const { filter, problem } = this.#wanted();
    this.filter = filter;
    this.found = [];
    this.cursor = undefined;
    this.more = false;
    if (problem) this.#failed(new ApiError('BAD_USER_INPUT', problem));
    else await this.#page(filter);
  }

  // #failed shows what is wrong, and nothing of an earlier filter beside it.
  #failed(error) {
    show(this.outcome, trouble(error));
    this.update();
  }

  #all() {
    this.filter = null;
    for (const control of [this.minAmount, this.maxAmount]) control.removeAttribute('aria-invalid');
    show(this.outcome);
    this.update();
  }

  // #page adds a page of matches. An answer for a filter that was replaced in the
  // meantime is dropped.
  async #page(filter) {
    const { id, signal } = this.live;
    try {
      const [{ history: found }, sums] = await Promise.all([
        ask(history, { accountId: id, first: page, after: this.cursor, filter }, { signal }),
        ask(totals, { accountId: id, filter }, { signal })]);
      if (this.filter !== filter) return;
      this.found.push(...found.edges.map(({ node }) => node));
      this.cursor = found.pageInfo.endCursor;
      this.more = found.pageInfo.hasNextPage;
      const { count, credits, debits } = sums.history.totals;
      const matches = `${count} transaction${count === 1 ? ' matches' : 's match'}`;
      show(this.outcome, h('p', { class: 'hint' },
        `${matches}: ${amount(credits)} in, ${amount(debits)} out. Clear the filter to see live transactions.`));
      this.update();
    } catch (error) {
      if (!signal.aborted && this.filter === filter) this.#failed(error);
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
    const { ledger, account, rows } = this.live;
    const count = this.filter ? this.found.length : ledger.rows.length;
    const more = this.filter ? this.more : ledger.more;
    this.rows.update(this.filter ? this.found : rows, account, ledger);
    this.older.hidden = !more || count >= most;
    this.bound.hidden = !more || count < most;
  }
}
