// One field of a form: label, control, hint and error message. A field provides
// its element, reads its part of the input, and can be locked.
import { displayName, freshId, h } from './dom.js';
import { shown, typed } from './money.js';

const currencies = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'KWD', 'SEK', 'NOK', 'DKK', 'PLN', 'CAD', 'AUD'];

// entries parses "key = value" lines.
export function entries(text) {
  return text.split('\n').filter((line) => line.trim()).map((line) => {
    const at = line.indexOf('=');
    if (at < 0) return { key: line.trim(), value: '' };
    return { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
  });
}

const lines = (metadata) => metadata.map(({ key, value }) => `${key} = ${value}`).join('\n');

// momentOf reads the value of a datetime-local field as UTC.
export const momentOf = (text) =>
  (/:\d\d:/.test(text) ? `${text}${text.includes('.') ? '' : '.000'}Z` : `${text}:00.000Z`);

// halfMoment is the problem with a moment that is not complete: the browser gives no
// value for it, which must not be taken for none.
export const halfMoment = 'Complete the date and the time, or remove both.';

// initial is a field's initial text, from the account and the route.
function initial(spec, context) {
  const { account, parameters = {} } = context;
  switch (spec.from) {
    case 'account': return account?.id ?? '';
    case 'caller': return context.caller ?? '';
    case 'hold': return parameters.hold ?? '';
    case 'transaction': return parameters.transaction ?? '';
    case 'name': return account?.name ?? '';
    case 'metadata': return lines(account?.metadata ?? []);
    case undefined: return '';
    default: return account?.limits[spec.from]?.value ?? '';
  }
}

function controlOf(spec, common) {
  switch (spec.kind) {
    case 'choice':
      return h('select', common, spec.choices.map((one) => h('option', { value: one }, displayName(one))));
    case 'check':
      return h('input', { ...common, type: 'checkbox' });
    case 'metadata':
      return h('textarea', { ...common, rows: '3', spellcheck: 'false' });
    case 'moment':
      return h('input', { ...common, type: 'datetime-local', step: '1' });
    case 'money':
      return h('input', { ...common, inputmode: 'decimal', placeholder: '0.00', class: 'figure' });
    case 'currency':
      return h('input', { ...common, list: 'currencies', size: '5', class: 'code', autocapitalize: 'characters' });
    default:
      return h('input', { ...common, type: 'text', maxlength: null });
  }
}

const nothing = { element: null, text: () => '', write() {}, lock() {}, problem: () => '', setError() {}, refuse() {},
  labelOf: () => '' };

// field makes a field from its specification.
export function field(spec, context) {
  if (spec.fixed !== undefined) return { ...nothing, spec, read: () => spec.fixed };
  const id = freshId(spec.name);
  const common = {
    id, name: spec.name, autocomplete: 'off', required: spec.required && spec.kind !== 'check',
    'aria-describedby': `${id}-hint ${id}-error`,
  };
  const control = controlOf(spec, common);
  if (spec.kind !== 'check' && spec.kind !== 'choice') control.value = initial(spec, context);
  control.readOnly = spec.from === 'caller' && Boolean(context.caller);
  const unit = spec.kind === 'money' && unitOf(context, id);
  const error = h('p', { class: 'field-error', id: `${id}-error` });
  const label = h('label', { for: id }, spec.label, !spec.required && spec.kind !== 'check'
    && h('span', { class: 'optional' }, ' optional'));
  const hint = h('p', { class: 'hint', id: `${id}-hint` }, spec.hint ?? '');
  const row = h('div', { class: 'with-unit' }, control, unit);
  const element = h('div', { class: `field ${spec.kind ?? 'text'}` },
    spec.kind === 'check' ? [row, label] : [label, row], hint, error);
  element.hidden = (spec.from === 'account' && !context.batch) || Boolean(spec.unless?.(context.account));
  const unfold = () => element.closest('details')?.setAttribute('open', '');
  const one = {
    spec, element, control, unit, labelOf: () => spec.label,
    text: () => (spec.kind === 'check' ? (control.checked ? 'yes' : '') : control.value),
    write(text) { if (spec.kind === 'check') control.checked = text === 'yes'; else control.value = text; },
    lock(locked) { control.disabled = locked; if (unit?.tagName === 'INPUT') unit.disabled = locked; },
    problem: () => problem(one, unit),
    setError(text) {
      error.textContent = text;
      if (text) control.setAttribute('aria-invalid', 'true');
      else control.removeAttribute('aria-invalid');
      control.setAttribute('aria-describedby', common['aria-describedby']);
      if (text) unfold();
    },
    // refuse marks the field that a refusal is about. The refusal stands once, in its panel.
    refuse(panel) {
      control.setAttribute('aria-invalid', 'true');
      control.setAttribute('aria-describedby', `${common['aria-describedby']} ${panel}`);
      unfold();
    },
    read: () => read(spec, control, unit),
  };
  if (spec.kind === 'money') control.addEventListener('change', () => readBack(one, unit, hint));
  control.addEventListener('input', () => one.setError(''));
  return one;
}

// textsOf is what was typed into fields, and write puts it back: with the currencies, where they can be chosen.
export const textsOf = (fields) => Object.fromEntries(fields.flatMap((one) => [[one.spec.name, one.text()],
  ...(one.unit?.tagName === 'INPUT' ? [[`${one.spec.name} currency`, one.unit.value]] : [])]));

export function write(fields, texts) {
  for (const one of fields) {
    one.write(texts[one.spec.name] ?? one.text());
    const currency = texts[`${one.spec.name} currency`];
    if (currency !== undefined) one.unit.value = currency;
  }
}

const currencyOf = (unit) => (unit.value ?? unit.textContent).trim().toUpperCase();

// problem is what keeps a field from being sent, or ''.
function problem({ spec, element, control, text }, unit) {
  if (element.hidden) return '';
  if (spec.kind === 'moment' && control.validity.badInput) return halfMoment;
  if (!text().trim()) return spec.required && spec.kind !== 'check' ? `${spec.label} is required.` : '';
  return (spec.kind === 'money' && typed(text(), currencyOf(unit)).problem) || '';
}

// readBack says how an amount was read, where it was not typed as the bank writes it.
function readBack(one, unit, hint) {
  const { value } = one.text().trim() ? typed(one.text(), currencyOf(unit)) : {};
  one.setError(one.text().trim() ? one.problem() : '');
  hint.textContent = value && value !== one.text().trim() ? `Read as ${shown(value)} ${currencyOf(unit)}.`
    : one.spec.hint ?? '';
}

function unitOf(context, id) {
  const currency = context.account?.currency ?? '';
  if (!context.batch) return h('span', { class: 'unit' }, currency);
  return h('input', { class: 'code unit-input', size: '4', value: currency, 'aria-label': 'Currency',
    id: `${id}-currency` });
}

// read returns a field's part of the input; undefined leaves it out.
function read(spec, control, unit) {
  const text = control.value;
  switch (spec.kind) {
    case 'check': return control.checked || undefined;
    case 'choice': return text;
    case 'kept': return text;
    case 'currency': return text.trim().toUpperCase();
    case 'metadata': return text.trim() || spec.from ? entries(text) : undefined;
    case 'moment': return text ? momentOf(text) : undefined;
    case 'money':
      if (!text.trim() && !spec.required) return undefined;
      return { value: typed(text, currencyOf(unit)).value ?? text, currency: currencyOf(unit) };
    default: return spec.required ? text.trim() : text.trim() || undefined;
  }
}

// fieldset lays out the fields. Less common ones are folded away.
export function fieldset(fields) {
  const main = fields.filter(({ spec }) => !spec.more).map(({ element }) => element);
  const more = fields.filter(({ spec, element }) => spec.more && element).map(({ element }) => element);
  const folded = more.length > 0 && h('details', { class: 'more' }, h('summary', {}, 'More'), more);
  return [main, folded, h('datalist', { id: 'currencies' }, currencies.map((code) => h('option', { value: code })))];
}
