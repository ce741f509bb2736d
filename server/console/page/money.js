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

// typed normalizes an amount that a person typed: it removes blanks and digit
// grouping and turns a decimal comma into a point. The bank validates the rest, so
// that its message is shown.
export const typed = (text) => text.replace(/[\s']/g, '').replace(/^([^.,]*),(\d*)$/, '$1.$2');
