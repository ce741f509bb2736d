// The arithmetic of the chart: from exact amounts and moments to positions on the
// screen. Amounts stay BigInt up to the last step.

// stepAbove returns the smallest axis step that is at least rough. Steps are 1, 2
// or 5 times a power of ten.
function stepAbove(rough) {
  for (let power = 1n; ; power *= 10n) {
    for (const digit of [1n, 2n, 5n]) {
      if (digit * power >= rough) return digit * power;
    }
  }
}

// ticks returns about as many round amounts as wanted, from at or below min to at
// or above max.
export function ticks(min, max, wanted) {
  const span = max - min || 1n;
  const step = stepAbove(span / BigInt(wanted) || 1n);
  const floor = (min >= 0n ? min / step : -((-min + step - 1n) / step)) * step;
  const found = [floor];
  while (found.at(-1) < max || found.length < 2) found.push(found.at(-1) + step);
  return found;
}

// fraction is the position of an amount between two others, from 0 to 1.
export function fraction(value, min, max) {
  if (max === min) return 0;
  return Number(((value - min) * 1_000_000n) / (max - min)) / 1_000_000;
}

const visible = 2; // pixels between two steps that can be seen apart

// positions are the x of moments between left and right, where right is now. They
// are to scale, unless more than half of the steps would fall together: then they
// are even.
export function positions(moments, now, left, right) {
  const [from] = moments;
  const scaled = moments.map((at) => left + ((at - from) / (now - from)) * (right - left));
  const close = scaled.filter((x, i) => i > 0 && x - scaled[i - 1] < visible).length;
  if (2 * close <= moments.length - 1) return { xs: scaled, even: false };
  return { xs: moments.map((_, i) => left + (i / moments.length) * (right - left)), even: true };
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  1000, 5000, 15_000, 30_000, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour,
  day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day,
];

// timeTicks returns at most max round moments of UTC between two moments, and the
// step between them.
export function timeTicks(from, to, max) {
  const step = timeSteps.find((one) => (to - from) / one <= max)
    ?? timeSteps.at(-1) * Math.ceil((to - from) / (timeSteps.at(-1) * max));
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found.length > 0 ? { step, found } : { step: 1000, found: [from] };
}

// timeLabel formats a tick as precisely as its step needs.
export function timeLabel(at, step) {
  const iso = new Date(at).toISOString();
  if (step >= day) return iso.slice(0, 10);
  if (step >= minute) return at % day === 0 ? iso.slice(5, 10) : iso.slice(11, 16);
  return iso.slice(11, 19);
}

// nearest returns the index of the point with the closest x. The points are sorted.
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
