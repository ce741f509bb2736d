// The legs of a transaction on several accounts, as one field of a form: legs are added
// and removed, and it shows whether debits and credits are equal in each currency.
import { freshId, h, show } from './dom.js';
import { field, fieldset, textsOf, write } from './field.js';
import { legFields } from './forms.js';
import { decimal, minor, shown, sum } from './money.js';

const [fewest, most] = [2, 50]; // legs that the bank takes

// differences returns how much the debits are more than the credits in each currency,
// as decimal strings by currency. Amounts that cannot be read yet are left out.
export function differences(legs) {
  const byCurrency = new Map();
  for (const { direction, amount: { value, currency } } of legs) {
    if (!/^\d+(\.\d+)?$/.test(value) || !currency) continue;
    byCurrency.set(currency, [...byCurrency.get(currency) ?? [], direction === 'DEBIT' ? value : `-${value}`]);
  }
  return Object.fromEntries([...byCurrency].map(([currency, values]) => [currency, sum(values)]));
}

// say is a difference in words; '' for none.
export function say(currency, difference) {
  const { units, decimals } = minor(difference);
  if (units === 0n) return '';
  const [more, fewer] = units > 0n ? ['debits', 'credits'] : ['credits', 'debits'];
  const missing = shown(decimal(units < 0n ? -units : units, decimals));
  return `In ${currency}, the ${more} are ${missing} more than the ${fewer}.`;
}

class Leg {
  constructor(number, texts, context, remove) {
    this.fields = legFields.map((spec) => field(spec, { ...context, batch: true }));
    write(this.fields, texts);
    this.legend = h('legend', {});
    this.remove = h('button', { type: 'button', class: 'quiet', onclick: () => remove(this) }, 'Remove');
    this.element = h('fieldset', { class: 'item leg' }, this.legend, fieldset(this.fields), this.remove);
    this.number(number);
  }

  number(number) {
    this.legend.textContent = `Leg ${number}`;
    this.remove.setAttribute('aria-label', `Remove leg ${number}`);
  }

  read() {
    return Object.fromEntries(this.fields.map((one) => [one.spec.name, one.read()]));
  }

  find(name) {
    return this.fields.find(({ spec }) => spec.name === name);
  }
}

class Legs {
  constructor(spec, context) {
    this.spec = spec;
    this.context = context;
    this.legs = [];
    this.list = h('div', { class: 'items' });
    this.more = h('button', { type: 'button', onclick: () => this.#append() }, 'Add a leg');
    this.balance = h('p', { class: 'balance', role: 'status' });
    this.error = h('p', { class: 'field-error', id: freshId('legs-error') });
    this.element = h('div', { class: 'field legs', role: 'group', 'aria-label': spec.label,
      oninput: () => this.#changed() }, this.list, this.more, this.balance, this.error);
    this.#add({ accountId: context.account?.id ?? '', direction: 'DEBIT' });
    this.#add({ direction: 'CREDIT' });
  }

  // control is where to go on: the first field that is not right yet.
  get control() {
    return this.legs.flatMap(({ fields }) => fields).find((one) => one.problem())?.control ?? this.more;
  }

  #add(texts) {
    const leg = new Leg(this.legs.length + 1, texts, this.context, (one) => this.#remove(one));
    this.legs.push(leg);
    this.list.append(leg.element);
    this.#changed();
    return leg;
  }

  // #append adds a leg like the last, which people go on with.
  #append() {
    const last = this.legs.at(-1);
    const leg = this.#add({ direction: last.find('direction').text(),
      'amount currency': last.find('amount').unit.value });
    leg.fields[0].control.focus();
    this.element.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #remove(leg) {
    this.legs = this.legs.filter((one) => one !== leg);
    leg.element.remove();
    this.legs.forEach((one, i) => one.number(i + 1));
    this.element.dispatchEvent(new Event('input', { bubbles: true }));
    this.more.focus();
  }

  // #changed says how the legs stand.
  #changed() {
    this.error.textContent = '';
    this.#limit();
    const found = Object.entries(differences(this.read()));
    const wrong = found.map(([currency, difference]) => say(currency, difference)).filter(Boolean);
    this.balance.classList.toggle('good', found.length > 0 && wrong.length === 0);
    show(this.balance, wrong.length > 0 ? wrong.join(' ') : found.length > 0
      && `Debits and credits are equal in ${found.map(([currency]) => currency).join(' and ')}.`);
  }

  // #limit keeps to the numbers of legs that the bank takes.
  #limit() {
    this.more.disabled = this.locked || this.legs.length >= most;
    for (const { remove } of this.legs) remove.disabled = this.locked || this.legs.length <= fewest;
  }

  read() {
    return this.legs.map((leg) => leg.read());
  }

  text() {
    return JSON.stringify(this.legs.map(({ fields }) => textsOf(fields)));
  }

  write(text) {
    if (!text) return;
    for (const leg of this.legs) leg.element.remove();
    this.legs = [];
    for (const texts of JSON.parse(text)) this.#add(texts);
  }

  lock(locked) {
    this.locked = locked;
    for (const { fields } of this.legs) for (const one of fields) one.lock(locked);
    this.#limit();
  }

  problem() {
    for (const { fields } of this.legs) {
      const wrong = fields.map((one) => one.problem()).find(Boolean);
      if (wrong) return wrong;
    }
    return Object.entries(differences(this.read())).map(([currency, difference]) => say(currency, difference))
      .find(Boolean) ?? '';
  }

  // setError marks the fields of the legs that cannot be sent, or says what is wrong with
  // the legs together.
  setError(text) {
    let marked = false;
    for (const { fields } of this.legs) {
      for (const one of fields) {
        const problem = text && one.problem();
        one.setError(problem);
        marked ||= Boolean(problem);
      }
    }
    this.error.textContent = marked ? '' : text;
  }

  // #at is the leg and the field of it that a path names.
  #at(path) {
    const from = path.lastIndexOf('legs');
    const leg = this.legs[Number(path[from + 1])];
    return { number: Number(path[from + 1]) + 1, leg, one: leg?.find(path[from + 2]) };
  }

  refuse(panel, path) {
    const { leg, one } = this.#at(path);
    (one ?? leg?.fields[0])?.refuse(panel);
  }

  labelOf(path) {
    const { number, leg, one } = this.#at(path);
    if (!leg) return this.spec.label;
    return [`Leg ${number}`, one?.spec.label].filter(Boolean).join(': ');
  }
}

// fieldFor makes a field of any kind from its specification.
export const fieldFor = (spec, context) => (spec.kind === 'legs' ? new Legs(spec, context) : field(spec, context));
