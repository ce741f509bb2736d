// Money as the API sends it: decimal strings. Arithmetic is on whole minor units
// as BigInt, never on floats.

// minor parses a decimal string into whole units of its last digit: "12.34" is
// { units: 1234n, decimals: 2 }.
export function minor(text) {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) throw new RangeError(`${text} is not a decimal number`);
  const [, sign, whole, fraction = ''] = match;
  const units = BigInt(whole + fraction);
  return { units: sign ? -units : units, decimals: fraction.length };
}

// decimal is the inverse of minor.
export function decimal(units, decimals) {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals ? `.${digits.slice(-decimals)}` : '';
  return `${units < 0n ? '-' : ''}${whole}${fraction}`;
}

// shown formats a decimal string for people: grouped digits and a true minus sign.
export function shown(text) {
  const [whole, fraction] = text.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return (text.startsWith('-') ? '−' : '') + grouped + (fraction ? `.${fraction}` : '');
}

// amount formats a Money of the API for people.
export const amount = (money) => (money ? `${shown(money.value)} ${money.currency}` : '–');

// sum adds decimal strings of one currency.
export function sum(texts) {
  const parts = texts.map(minor);
  const decimals = Math.max(0, ...parts.map((part) => part.decimals));
  const total = parts.reduce((so, { units, decimals: own }) => so + units * 10n ** BigInt(decimals - own), 0n);
  return decimal(total, decimals);
}

export const isZero = (text) => minor(text).units === 0n;
export const isNegative = (text) => minor(text).units < 0n;

// symbolOf is the sign of a currency, such as €, where it has one.
function symbolOf(currency) {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
      .formatToParts(0).find(({ type }) => type === 'currency').value;
  } catch {
    return currency; // not three letters
  }
}

const plain = /^\d*[.,]?\d*$/; // 1234, 1234.50, 1234,50 and .5
const blanks = /^\d{1,3}([\s'’]\d{3})+([.,]\d*)?$/; // 1 234.50 and 1'234,50
const commas = /^\d{1,3}(,\d{2,3})*,\d{3}\.\d*$/; // 1,234.50 and 12,34,567.50
const points = /^\d{1,3}(\.\d{3})+,\d*$/; // 1.234,50
const unclear = 'Write the amount in digits with one decimal point, for example 1234.50.';

// typed reads an amount that a person typed or pasted, in a currency. It returns
// the value for the API, or the problem: what can mean two amounts is not guessed.
export function typed(text, currency = '') {
  const [, before, number, after] = /^([^\d.,+−-]*)([+−-]?[\d.,\s'’]*)([^\d.,]*)$/.exec(text.trim()) ?? [];
  if (number === undefined || !/\d/.test(number)) return { problem: unclear };
  for (const unit of [before.trim(), after.trim()].filter(Boolean)) {
    if (unit.toUpperCase() !== currency && unit !== symbolOf(currency)) return { problem: wrongUnit(unit, currency) };
  }
  const sign = /^[−-]/.test(number) ? '-' : '';
  const digits = number.replace(/^[+−-]/, '').trim();
  if (/,\d{3}$/.test(digits)) return { problem: twoMeanings(digits) };
  if (![plain, blanks, commas, points].some((form) => form.test(digits))) return { problem: unclear };
  const mark = Math.max(digits.lastIndexOf('.'), digits.lastIndexOf(','));
  const whole = (mark < 0 ? digits : digits.slice(0, mark)).replace(/\D/g, '').replace(/^0+(?=\d)/, '') || '0';
  const fraction = mark < 0 ? '' : digits.slice(mark + 1);
  return { value: sign + whole + (fraction && `.${fraction}`) };
}

function wrongUnit(unit, currency) {
  if (!/^[a-z]{3}$/i.test(unit)) return unclear;
  return currency ? `The amount must be in ${currency}, not ${unit.toUpperCase()}.`
    : `Write ${unit.toUpperCase()} in the field for the currency.`;
}

function twoMeanings(digits) {
  const bare = digits.replace(/\D/g, '');
  return `${digits} can mean two amounts. Write ${bare}, or ${bare.slice(0, -3) || '0'}.${bare.slice(-3)}.`;
}

// grouped groups the digits of the amounts in a message of the bank.
export const grouped = (message) => message.replace(/-?\b\d+(?:\.\d+)?(?= [A-Z]{3}\b)/g, shown);

// copied is a text as other programs read it: without blanks in amounts, and with
// the minus sign of the keyboard.
export const copied = (text) => text.replaceAll('\u202f', '').replace(/−(?=\d)/g, '-');
