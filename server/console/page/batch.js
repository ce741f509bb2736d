// The form for a batch of commands. Each item keeps its idempotency key for every
// attempt.
import { ask, ApiError } from './api.js';
import { freshId, h, show } from './dom.js';
import { fieldset, textsOf, write } from './field.js';
import { check, freshKey, keep, kept, waits } from './form.js';
import { batchItems, forms } from './forms.js';
import { fieldFor } from './legs.js';
import { allows } from './offer.js';
import { patiently } from './persist.js';
import { postBatch } from './queries.js';
import { fieldOf, refusals, status, trouble } from './refusal.js';
import { may } from './rights.js';
import { facts } from './result.js';

// What a preview says of an item: nothing has happened.
const predicted = { APPLIED: 'Would be applied', REPLAYED: 'Was applied before', REFUSED: 'Would be refused' };
const most = 100; // commands that the bank takes in one batch

class Item {
  constructor({ kind, key = freshKey(), texts = {} }, context, remove) {
    this.kind = kind;
    this.key = key;
    this.fields = forms[kind].fields.filter(({ fixed }) => fixed === undefined)
      .map((spec) => fieldFor(spec, { ...context, batch: true }));
    write(this.fields, texts);
    this.outcome = h('div', { class: 'outcome' });
    this.remove = h('button', { type: 'button', class: 'quiet', onclick: () => remove(this) }, 'Remove');
    this.element = h('fieldset', { class: 'item' }, h('legend', {}, forms[kind].title), fieldset(this.fields),
      this.remove, this.outcome);
  }

  input() {
    const input = Object.fromEntries(this.fields.map((one) => [one.spec.name, one.read()]));
    return { [this.kind]: { ...input, idempotencyKey: this.key } };
  }

  // filling is the item's content, from which a new item can be restored.
  filling() {
    return { kind: this.kind, key: this.key, texts: textsOf(this.fields) };
  }

  lock(locked) {
    for (const one of this.fields) one.lock(locked);
    this.remove.disabled = locked;
  }

  showResult(result, dryRun) {
    const about = (path) => this.fields.find(({ spec }) => spec.name === fieldOf(path, this.kind));
    const refused = result.userErrors.length > 0
      && refusals(result.userErrors, { dryRun }, (path) => about(path)?.labelOf(path));
    for (const { path } of result.userErrors) about(path)?.refuse(refused.id, path);
    const verdict = dryRun ? predicted[result.status] : undefined;
    show(this.outcome, h('p', {}, status(result.status, verdict)), refused || facts(result, dryRun));
  }
}

export class Batch {
  constructor(context) {
    this.context = context;
    this.items = [];
    const kind = freshId('kind');
    this.kind = h('select', { id: kind }, batchItems.filter((name) => may(name) && allows(context.account, name))
      .map((name) => h('option', { value: name }, forms[name].title)));
    this.list = h('div', { class: 'items' });
    this.atomic = h('input', { type: 'checkbox', id: freshId('atomic') });
    this.outcome = h('div', { class: 'outcome' });
    this.sendButton = h('button', { type: 'submit', class: 'primary' }, 'Send the batch');
    this.dryButton = h('button', { type: 'button', onclick: () => this.#submit(true) }, 'Preview');
    this.addButton = h('button', { type: 'button', onclick: () => this.#add({ kind: this.kind.value }) }, 'Add');
    this.element = h('form', { class: 'card form', novalidate: true, 'data-form': 'postBatch', 'aria-label': 'Batch',
      onsubmit: (event) => { event.preventDefault(); this.#submit(false); }, oninput: () => this.#edited() },
    h('h2', {}, `Batch of up to ${most} commands`),
    this.list,
    h('div', { class: 'field' }, h('label', { for: kind }, 'Command to add'),
      h('div', { class: 'with-unit' }, this.kind,
        this.addButton)),
    h('div', { class: 'field check' }, this.atomic, h('label', { for: this.atomic.id },
      'All or nothing')),
    h('div', { class: 'buttons' }, this.sendButton, this.dryButton), this.outcome);
    if (!this.#restore()) this.#add({ kind: this.kind.value });
  }

  #restore() {
    const filling = kept('postBatch');
    if (!filling) return false;
    this.touched = true;
    for (const one of filling.items) this.#add(one);
    this.atomic.checked = filling.atomic;
    if (!filling.safe) this.#doubt('The page was reloaded before the answer arrived.');
    return true;
  }

  // unfinished reports whether the batch holds something that closing it must not lose.
  get unfinished() {
    return !this.done && Boolean(this.touched || this.doubtful || this.busy);
  }

  #edited() {
    this.touched = true;
    if (!this.busy && !this.doubtful) this.#clear();
  }

  // #clear removes what earlier answers said.
  #clear() {
    show(this.outcome);
    for (const item of this.items) show(item.outcome);
  }

  #add(filling) {
    if (this.items.length >= most || this.done || this.doubtful) return;
    const item = new Item(filling, this.context, (one) => this.#remove(one));
    this.items.push(item);
    this.list.append(item.element);
    this.#lock(false);
    item.fields.find(({ control }) => control && !control.value)?.control.focus();
  }

  #remove(item) {
    this.items = this.items.filter((one) => one !== item);
    item.element.remove();
    this.#lock(false);
    this.kind.focus();
  }

  #lock(locked) {
    for (const item of this.items) item.lock(locked);
    const none = this.items.length === 0;
    this.sendButton.disabled = locked || none;
    this.dryButton.disabled = locked || none;
    this.addButton.disabled = locked || this.items.length >= most;
    this.atomic.disabled = locked;
  }

  async #submit(dryRun) {
    if (this.busy || this.items.length === 0) return;
    this.#clear();
    if (!check(this.items.flatMap(({ fields }) => fields))) return;
    this.busy = true;
    this.#lock(true);
    show(this.outcome, h('p', { class: 'waiting', role: 'status' }, 'Sending…'));
    const filling = { name: 'postBatch', items: this.items.map((item) => item.filling()), atomic: this.atomic.checked };
    if (!dryRun) keep(filling);
    try {
      const input = { items: this.items.map((item) => item.input()), atomic: this.atomic.checked, dryRun };
      const { done } = await patiently(() => ask(postBatch, { input }, { allowPart: true }),
        () => show(this.outcome, waits()));
      if (!done) throw new ApiError('LOST', 'The answer was empty.');
      this.#lock(false);
      this.#answered(done);
    } catch (error) {
      this.#lock(false);
      show(this.outcome, trouble(error));
      if (!dryRun && (error.unknown || this.doubtful)) {
        this.#doubt('No answer arrived. Each command may or may not have been applied.');
      } else if (!dryRun) keep(error.code === 'UNAUTHENTICATED' ? { ...filling, safe: true } : null);
    }
    this.busy = false;
    this.outcome.firstElementChild?.focus();
  }

  #answered(done) {
    for (const result of done.results) this.items[result.index].showResult(result, done.dryRun);
    if (done.userErrors.length > 0) {
      if (!done.dryRun) keep(null);
      show(this.outcome, refusals(done.userErrors, done));
      return;
    }
    if (!done.dryRun) this.context.then?.(done);
    this.doubtful = false;
    this.sendButton.textContent = 'Send the batch';
    if (done.results.some((one) => one.status === 'UNKNOWN')) {
      this.#doubt('The outcome of some commands is unknown.');
      return;
    }
    if (!done.dryRun) keep(null);
    const total = done.results.length;
    const passed = done.results.filter((one) => ['APPLIED', 'REPLAYED'].includes(one.status)).length;
    const all = passed === total;
    const text = done.dryRun ? `${passed} of ${total} commands would succeed. Nothing has been changed.`
      : `${passed} of ${total} commands were applied.`;
    const kind = done.dryRun ? 'would' : all ? 'good' : 'bad';
    show(this.outcome, h('section', { class: `panel ${kind}`, role: 'status', tabindex: '-1' }, h('h3', {}, text),
      !all && h('p', {}, 'The other commands show the reason.',
        !done.dryRun && ' Correct them and send the batch again. Applied commands are not applied twice.')));
    if (!done.dryRun && all) {
      this.done = true;
      this.#lock(true);
    }
  }

  // #doubt keeps the items locked: only the identical batch may be sent again.
  #doubt(text) {
    this.doubtful = true;
    this.dryButton.disabled = true;
    for (const item of this.items) item.lock(true);
    this.atomic.disabled = true;
    this.sendButton.textContent = 'Send again with the same keys';
    show(this.outcome, h('section', { class: 'panel doubt', role: 'alert', tabindex: '-1' },
      h('h3', {}, 'The outcome is unknown'), h('p', {}, text,
        ' Send the batch again with the same keys. Each command is applied at most once.')));
  }

  focus() {
    this.kind.focus();
  }
}
