// A form for one mutation. Its idempotency key is made once per filling and kept
// for every attempt, so that a double click, a lost answer or a reload cannot pay
// twice. An unknown outcome is shown as unknown.
import { ask, ApiError } from './api.js';
import { confirmed } from './confirm.js';
import { h, show } from './dom.js';
import { fieldset, textsOf } from './field.js';
import { forms } from './forms.js';
import { fieldFor } from './legs.js';
import { patiently } from './persist.js';
import { commandStatus, mutation } from './queries.js';
import { fieldOf, refusals, trouble } from './refusal.js';
import { result } from './result.js';

// freshKey does not use crypto.randomUUID, which is missing on plain HTTP.
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

// waits says that the bank is asked again by itself.
export const waits = () => h('p', { class: 'waiting', role: 'status' },
  'The bank cannot take this now. Nothing happened; trying again…');

// A filling that was sent is kept in the page's history entry until its outcome is
// known, so that a reload restores it. It holds no token. A filling that was
// certainly not applied is marked safe: it may be changed.
export const keep = (filling) => history.replaceState({ ...history.state, filling }, '');
export const kept = (name) => (history.state?.filling?.name === name ? history.state.filling : null);

// check marks the fields that cannot be sent, and reports whether there are none.
export function check(fields) {
  const wrong = fields.map((one) => [one, one.problem()]).filter(([, problem]) => problem);
  for (const one of fields) one.setError('');
  for (const [one, problem] of wrong) one.setError(problem);
  wrong[0]?.[0].control.focus();
  return wrong.length === 0;
}

export class Form {
  // context: account, caller and parameters provide initial values; then is called after success.
  constructor(name, context) {
    this.name = name;
    this.spec = forms[name];
    this.context = context;
    this.key = freshKey();
    this.fields = this.spec.fields.map((spec) => fieldFor(spec, context));
    this.outcome = h('div', { class: 'outcome' });
    this.send = h('button', { type: 'submit', class: this.spec.grave ? 'grave' : 'primary' }, this.spec.button);
    this.dry = h('button', { type: 'button', onclick: () => this.#submit(true) }, 'Preview');
    this.again = h('button', { type: 'button', class: 'primary', onclick: () => this.#submit(false) },
      'Send again with the same key');
    this.buttons = h('div', { class: 'buttons' }, this.send, this.dry);
    this.element = h('form', { class: 'card form', novalidate: true, 'data-form': name, 'aria-label': this.spec.title,
      onsubmit: (event) => this.#pressed(event), oninput: () => this.#edited() },
      h(context.account ? 'h2' : 'h1', {}, this.spec.title), fieldset(this.fields), this.buttons, this.outcome);
    this.#restore();
  }

  #restore() {
    const filling = kept(this.name);
    if (!filling) return;
    this.key = filling.key;
    this.touched = true;
    for (const one of this.fields) one.write(filling.texts[one.spec.name] ?? '');
    if (!filling.safe) this.#unknown(new ApiError('LOST', 'The page was reloaded before the answer arrived.'));
  }

  async #pressed(event) {
    event.preventDefault();
    if (this.busy || this.asking || !this.#complete()) return;
    const { question } = this.spec;
    if (question) {
      this.asking = true;
      const yes = await confirmed(question(this.context.account));
      this.asking = false;
      if (!yes) return;
    }
    this.#submit(false);
  }

  // unfinished reports whether the form holds something that closing it must not lose.
  get unfinished() {
    return !this.finished && Boolean(this.touched || this.doubtful || this.busy);
  }

  // #edited removes what a preview or a refusal said of the fields as they were before.
  #edited() {
    this.touched = true;
    if (!this.busy && !this.doubtful) show(this.outcome);
  }

  input(dryRun) {
    const input = Object.fromEntries(this.fields.map((one) => [one.spec.name, one.read()]));
    return { ...input, idempotencyKey: this.key, ...(dryRun && { dryRun }) };
  }

  // #complete marks the fields that cannot be sent, without asking the bank.
  #complete() {
    if (check(this.fields)) return true;
    show(this.outcome);
    return false;
  }

  async #submit(dryRun) {
    if (this.busy || !this.#complete()) return;
    this.#work(true);
    show(this.outcome, h('p', { class: 'waiting', role: 'status' }, dryRun ? 'Checking…' : 'Sending…'));
    const texts = textsOf(this.fields);
    if (!dryRun) keep({ name: this.name, key: this.key, texts });
    try {
      const { done } = await patiently(() => ask(mutation(this.name, this.spec.extra), { input: this.input(dryRun) },
        { allowPart: true }), () => show(this.outcome, waits()));
      if (!done) throw new ApiError('LOST', 'The answer was empty.');
      if (!dryRun) keep(null);
      this.#work(false);
      this.#answered(done);
    } catch (error) {
      this.#work(false);
      // A later attempt does not reveal the outcome of the first.
      if (!dryRun && (error.unknown || this.doubtful)) return this.#unknown(error);
      // A reload to sign in restores this filling.
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
      this.#refused(refusals(done.userErrors, done, (path) => this.#field(path)?.labelOf(path)), done.userErrors);
      return;
    }
    if (done.dryRun) {
      show(this.outcome, result(this.spec, done));
      show(this.buttons, this.send, this.dry);
    } else {
      this.finished = true;
      for (const one of this.fields) one.lock(true);
      show(this.buttons);
      show(this.outcome, result(this.spec, done, this.#next(done)));
      this.context.then?.(done);
    }
    this.outcome.firstElementChild.focus();
  }

  // #refused shows a panel and marks the fields that it is about.
  #refused(panel, errors) {
    for (const { path } of errors) this.#field(path)?.refuse(panel.id, path);
    show(this.buttons, this.send, this.dry);
    show(this.outcome, panel);
    panel.focus();
  }

  #next(done) {
    const another = h('button', { type: 'button', onclick: () => this.#anew() }, 'New request');
    const there = done.account && h('a', { class: 'button', href: `#/account/${done.account.id}` },
      'Go to the account');
    return h('div', { class: 'buttons' }, there, !this.spec.grave && another);
  }

  // #anew replaces this form by an empty one.
  #anew() {
    keep(null);
    this.finished = true;
    const next = new Form(this.name, this.context);
    this.element.replaceWith(next.element);
    this.context.replaced?.(next);
    next.focus();
  }

  focus() {
    this.fields.find(({ element, control }) => element && !element.hidden && !control.readOnly)?.control.focus();
  }

  #field(path) {
    const name = fieldOf(path);
    return this.fields.find(({ spec, element }) => spec.name === name && element && !element.hidden);
  }

  #failed(error) {
    this.#refused(trouble(error), [error]);
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
      const account = this.name === 'openAccount' ? undefined
        : this.spec.keyBelongsTo?.(this.input(false)) ?? this.context.account?.id;
      const { commandStatus: status } = await ask(commandStatus, { accountId: account, idempotencyKey: this.key });
      answer.textContent = status.message;
    } catch (error) {
      answer.textContent = error.message;
    }
  }
}
