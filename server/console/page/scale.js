// The arithmetic of the chart: from exact amounts and moments to places on the
// screen. Amounts stay BigInt up to the last step, a pixel.

// steps of an axis are 1, 2 or 5 times a power of ten.
function stepAbove(rough) {
  for (let power = 1n; ; power *= 10n) {
    for (const digit of [1n, 2n, 5n]) {
      if (digit * power >= rough) return digit * power;
    }
  }
}

// ticks are round amounts from at or below the least to at or above the most,
// about as many as asked for.
export function ticks(least, most, wanted) {
  const span = most - least || 1n;
  const step = stepAbove(span / BigInt(wanted) || 1n);
  const floor = (least >= 0n ? least / step : -((-least + step - 1n) / step)) * step;
  const found = [floor];
  while (found.at(-1) < most || found.length < 2) found.push(found.at(-1) + step);
  return found;
}

// place is where an amount lies between two others, from 0 to 1.
export function place(value, least, most) {
  if (most === least) return 0;
  return Number(((value - least) * 1_000_000n) / (most - least)) / 1_000_000;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  1000, 5000, 15_000, 30_000, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour,
  day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day,
];

// timeTicks are round moments of UTC between two, at most as many as asked for,
// and the step between them.
export function timeTicks(from, to, most) {
  const step = timeSteps.find((one) => (to - from) / one <= most) ?? timeSteps.at(-1) * Math.ceil((to - from) / (timeSteps.at(-1) * most));
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found.length > 0 ? { step, found } : { step: 1000, found: [from] };
}

// timeLabel says a tick as precisely as its step needs.
export function timeLabel(at, step) {
  const iso = new Date(at).toISOString();
  if (step >= day) return iso.slice(0, 10);
  if (step >= minute) return at % day === 0 ? iso.slice(5, 10) : iso.slice(11, 16);
  return iso.slice(11, 19);
}

// nearest is the index of the point whose x is closest; points are in order.
export function nearest(xs, x) {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1] <= xs[low] - x ? low - 1 : low;
}
