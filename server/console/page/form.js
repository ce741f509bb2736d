// A form for one mutation. Its idempotency key is made once per filling and kept
// for every attempt, so that a double click, a lost answer or a reload cannot pay
// twice. An unknown outcome is shown as unknown.
import { ask, ApiError } from './api.js';
import { h, show } from './dom.js';
import { field, fieldset } from './field.js';
import { forms } from './forms.js';
import { commandStatus, mutation } from './queries.js';
import { fieldOf, refusals, trouble } from './refusal.js';
import { result } from './result.js';

// freshKey does not use crypto.randomUUID, which is missing on plain HTTP.
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

// A filling that was sent is kept in the page's history entry until its outcome is
// known, so that a reload restores it. It holds no token. A filling that was
// certainly not applied is marked safe: it may be changed.
export const keep = (filling) => history.replaceState({ ...history.state, filling }, '');
export const kept = (name) => (history.state?.filling?.name === name ? history.state.filling : null);

export class Form {
  // context: account and parameters provide initial values; then is called after success.
  constructor(name, context) {
    this.name = name;
    this.spec = forms[name];
    this.context = context;
    this.key = freshKey();
    this.fields = this.spec.fields.map((spec) => field(spec, context));
    this.outcome = h('div', { class: 'outcome' });
    this.send = h('button', { type: 'submit', class: this.spec.grave ? 'grave' : 'primary' }, this.spec.button);
    this.dry = h('button', { type: 'button', onclick: () => this.#submit(true) }, 'Preview');
    this.again = h('button', { type: 'button', class: 'primary', onclick: () => this.#submit(false) },
      'Send again with the same key');
    this.buttons = h('div', { class: 'buttons' }, this.send, this.dry);
    this.element = h('form', { class: 'card form', novalidate: true, 'data-form': name, 'aria-label': this.spec.title,
      onsubmit: (event) => this.#pressed(event) },
      h(context.account ? 'h2' : 'h1', {}, this.spec.title), fieldset(this.fields), this.buttons, this.outcome);
    this.#restore();
  }

  #restore() {
    const filling = kept(this.name);
    if (!filling) return;
    this.key = filling.key;
    for (const one of this.fields) one.write(filling.texts[one.spec.name] ?? '');
    if (!filling.safe) this.#unknown(new ApiError('LOST', 'The page was reloaded before the answer arrived.'));
  }

  #pressed(event) {
    event.preventDefault();
    this.#submit(false);
  }

  input(dryRun) {
    const input = Object.fromEntries(this.fields.map((one) => [one.spec.name, one.read()]));
    return { ...input, idempotencyKey: this.key, ...(dryRun && { dryRun }) };
  }

  // #complete marks required fields that are empty, without asking the bank.
  #complete() {
    const missing = this.fields.filter(({ spec, text, element }) =>
      spec.required && spec.fixed === undefined && !element.hidden && !text().trim());
    for (const one of this.fields) one.setError('');
    for (const one of missing) one.setError(`${one.spec.label} is required.`);
    missing[0]?.control.focus();
    return missing.length === 0;
  }

  async #submit(dryRun) {
    if (this.busy || !this.#complete()) return;
    this.#work(true);
    show(this.outcome, h('p', { class: 'waiting', role: 'status' }, dryRun ? 'Checking…' : 'Sending…'));
    const texts = Object.fromEntries(this.fields.map((one) => [one.spec.name, one.text()]));
    if (!dryRun) keep({ name: this.name, key: this.key, texts });
    try {
      const { done } = await ask(mutation(this.name, this.spec.extra), { input: this.input(dryRun) },
        { allowPart: true });
      if (!done) throw new ApiError('LOST', 'The answer was empty.');
      if (!dryRun) keep(null);
      this.#work(false);
      this.#answered(done);
    } catch (error) {
      this.#work(false);
      // A later attempt does not reveal the outcome of the first.
      if (!dryRun && (error.unknown || this.doubtful)) return this.#unknown(error);
      // Signing in replaces the form by a new one, which restores this filling.
      keep(error.code === 'UNAUTHENTICATED' ? { name: this.name, key: this.key, texts, safe: true } : null);
      this.#failed(error);
    }
  }

  #work(busy) {
    this.busy = busy;
    this.element.setAttribute('aria-busy', String(busy));
    for (const button of [this.send, this.dry, this.again]) button.disabled = busy;
    for (const one of this.fields) one.lock(busy);
  }

  #answered(done) {
    this.doubtful &&= done.dryRun;
    if (done.userErrors.length > 0) {
      for (const error of done.userErrors) this.#field(error.path)?.setError(error.message);
      show(this.outcome, refusals(done.userErrors, done));
      show(this.buttons, this.send, this.dry);
      this.context.refused?.(done);
    } else if (done.dryRun) {
      show(this.outcome, result(this.spec, done));
      show(this.buttons, this.send, this.dry);
    } else {
      for (const one of this.fields) one.lock(true);
      show(this.buttons);
      show(this.outcome, result(this.spec, done, this.#next(done)));
      this.context.then?.(done);
    }
    this.outcome.firstElementChild.focus();
  }

  #next(done) {
    const another = h('button', { type: 'button', onclick: () => this.#anew() }, 'New request');
    const there = done.account && h('a', { class: 'button', href: `#/account/${done.account.id}` },
      'Go to the account');
    return h('div', { class: 'buttons' }, there, another);
  }

  // #anew replaces this form by an empty one.
  #anew() {
    keep(null);
    const next = new Form(this.name, this.context);
    this.element.replaceWith(next.element);
    next.focus();
  }

  focus() {
    this.fields.find(({ element }) => element && !element.hidden)?.control.focus();
  }

  #field(path) {
    const name = fieldOf(path);
    return this.fields.find(({ spec }) => spec.name === name);
  }

  #failed(error) {
    this.#field(error.path)?.setError(error.message);
    show(this.buttons, this.send, this.dry);
    show(this.outcome, trouble(error));
    this.outcome.firstElementChild.focus();
  }

  // #unknown keeps the filling as it is: only the identical request may be sent again.
  #unknown(error) {
    this.doubtful = true;
    for (const one of this.fields) one.lock(true);
    const answer = h('p', { role: 'status' });
    show(this.buttons);
    show(this.outcome, h('section', { class: 'panel doubt', role: 'alert', tabindex: '-1' },
      h('h3', {}, 'The outcome is unknown'),
      h('p', { class: 'message' }, error.message),
      h('p', {}, 'Send it again with the same key to learn the outcome. It is applied at most once. ',
        'Starting over would make a second request.'),
      answer,
      h('div', { class: 'buttons' }, this.again,
        h('button', { type: 'button', onclick: () => this.#checkOutcome(answer) }, 'Check the outcome'),
        h('button', { type: 'button', class: 'quiet', onclick: () => this.#anew() }, 'Start over')),
      h('p', { class: 'small' }, 'Key ', h('code', {}, this.key))));
    this.outcome.firstElementChild.focus();
  }

  // #checkOutcome asks the log. A command in flight is not in the log yet.
  async #checkOutcome(answer) {
    try {
      const account = this.name === 'openAccount' ? undefined : this.context.account?.id;
      const { commandStatus: status } = await ask(commandStatus, { accountId: account, idempotencyKey: this.key });
      answer.textContent = status.message;
    } catch (error) {
      answer.textContent = error.message;
    }
  }
}
