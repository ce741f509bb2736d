// A form for one mutation. Its idempotency key is made once per filling and kept
// for every try, so that pressing twice, a lost answer or a reload cannot pay
// twice. What is not known to have happened is shown as that.
import { ask, ApiError } from './api.js';
import { h, show } from './dom.js';
import { field, fieldset } from './field.js';
import { forms } from './forms.js';
import { commandStatus, mutation } from './queries.js';
import { fieldOf, refusals, trouble } from './refusal.js';
import { result } from './result.js';

// freshKey does not use crypto.randomUUID, which plain http does not have.
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

// A filling that was sent is kept in the history entry of the page until its
// outcome is known, so that a reload finds it again. It holds no token. One that
// certainly did not happen is safe to change.
export const keep = (filling) => history.replaceState({ ...history.state, filling }, '');
export const kept = (name) => (history.state?.filling?.name === name ? history.state.filling : null);

export class Form {
  // context: account and parameters to fill in from; then, called after success.
  constructor(name, context) {
    this.name = name;
    this.spec = forms[name];
    this.context = context;
    this.key = freshKey();
    this.fields = this.spec.fields.map((spec) => field(spec, context));
    this.outcome = h('div', { class: 'outcome' });
    this.send = h('button', { type: 'submit', class: this.spec.grave ? 'grave' : 'primary' }, this.spec.button);
    this.dry = h('button', { type: 'button', onclick: () => this.#submit(true) }, 'What would happen?');
    this.again = h('button', { type: 'button', class: 'primary', onclick: () => this.#submit(false) }, 'Send again with the same key');
    this.buttons = h('div', { class: 'buttons' }, this.send, this.dry);
    this.element = h('form', { class: 'card form', novalidate: true, 'data-form': name, 'aria-label': this.spec.title, onsubmit: (event) => this.#pressed(event) },
      h(context.account ? 'h2' : 'h1', {}, this.spec.title), fieldset(this.fields), this.buttons, this.outcome);
    this.#restore();
  }

  #restore() {
    const filling = kept(this.name);
    if (!filling) return;
    this.key = filling.key;
    for (const one of this.fields) one.write(filling.texts[one.spec.name] ?? '');
    if (!filling.safe) this.#unknown(new ApiError('LOST', 'The page was reloaded before the answer came.'));
  }

  #pressed(event) {
    event.preventDefault();
    this.#submit(false);
  }

  input(dryRun) {
    const input = Object.fromEntries(this.fields.map((one) => [one.spec.name, one.read()]));
    return { ...input, idempotencyKey: this.key, ...(dryRun && { dryRun }) };
  }

  // #complete asks for what is missing before the bank is bothered.
  #complete() {
    const missing = this.fields.filter(({ spec, text, element }) => spec.required && spec.fixed === undefined && !element.hidden && !text().trim());
    for (const one of this.fields) one.say('');
    for (const one of missing) one.say(`${one.spec.label} is needed.`);
    missing[0]?.control.focus();
    return missing.length === 0;
  }

  async #submit(dryRun) {
    if (this.busy || !this.#complete()) return;
    this.#work(true);
    show(this.outcome, h('p', { class: 'waiting', role: 'status' }, dryRun ? 'Asking…' : 'Sending…'));
    const texts = Object.fromEntries(this.fields.map((one) => [one.spec.name, one.text()]));
    if (!dryRun) keep({ name: this.name, key: this.key, texts });
    try {
      const { done } = await ask(mutation(this.name, this.spec.extra), { input: this.input(dryRun) }, { allowPart: true });
      if (!done) throw new ApiError('LOST', 'The answer holds nothing.');
      if (!dryRun) keep(null);
      this.#work(false);
      this.#answered(done);
    } catch (error) {
      this.#work(false);
      if (!dryRun && (error.unknown || this.doubtful)) return this.#unknown(error); // a later try says nothing of the first
      // Signing in replaces the form by another one, which goes on from here.
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
      for (const error of done.userErrors) this.#field(error.path)?.say(error.message);
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
    const another = h('button', { type: 'button', onclick: () => this.#anew() }, 'Another one');
    const there = done.account && h('a', { class: 'button', href: `#/account/${done.account.id}` }, 'To the account');
    return h('div', { class: 'buttons' }, there, another);
  }

  // #anew begins another filling in place of this one.
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
    this.#field(error.path)?.say(error.message);
    show(this.buttons, this.send, this.dry);
    show(this.outcome, trouble(error));
    this.outcome.firstElementChild.focus();
  }

  // #unknown keeps the filling as it is: only the very same request may go out.
  #unknown(error) {
    this.doubtful = true;
    for (const one of this.fields) one.lock(true);
    const answer = h('p', { role: 'status' });
    show(this.buttons);
    show(this.outcome, h('section', { class: 'panel doubt', role: 'alert', tabindex: '-1' },
      h('h3', {}, 'It is not known whether this happened'),
      h('p', { class: 'message' }, error.message),
      h('p', {}, 'Send it again with the same key: it happens at most once, and the answer tells. A new filling would be a second request.'),
      answer,
      h('div', { class: 'buttons' }, this.again,
        h('button', { type: 'button', onclick: () => this.#look(answer) }, 'Only ask whether it happened'),
        h('button', { type: 'button', class: 'quiet', onclick: () => this.#anew() }, 'Begin anew')),
      h('p', { class: 'small' }, 'Key ', h('code', {}, this.key))));
    this.outcome.firstElementChild.focus();
  }

  // #look asks the log. A command that is still on its way is not in it yet.
  async #look(answer) {
    try {
      const account = this.name === 'openAccount' ? undefined : this.context.account?.id;
      const { commandStatus: status } = await ask(commandStatus, { accountId: account, idempotencyKey: this.key });
      answer.textContent = status.message;
    } catch (error) {
      answer.textContent = error.message;
    }
  }
}
