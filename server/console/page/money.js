// Money as the bank tells it: decimal strings. Arithmetic is on whole minor
// units as BigInt, never on floats.

// minor is a decimal string as whole units of its last digit: "12.34" is
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

// shown groups the digits of a decimal string for people, with a true minus.
export function shown(text) {
  const [whole, fraction] = text.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return (text.startsWith('-') ? '−' : '') + grouped + (fraction ? `.${fraction}` : '');
}

// amount is a Money of the API for people.
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

// typed reads what a person typed as an amount: blanks and a grouping of digits
// are let be, a decimal comma becomes a point. What remains is for the bank to
// judge, so that its words are shown and not ours.
export const typed = (text) => text.replace(/[\s']/g, '').replace(/^([^.,]*),(\d*)$/, '$1.$2');
