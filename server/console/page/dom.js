// h makes an element. Properties that begin with "on" are listeners; null and
// false are left out. Children are nodes, texts or lists of them. Texts are never
// parsed as markup.
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

// s is h for SVG elements.
export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...present(children));
  return element;
}

// present flattens children and drops those that are left out.
const present = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

// show replaces the content of an element.
export function show(element, ...children) {
  element.replaceChildren(...present(children));
}

// announce sets a text only when it differs, so that a screen reader does not
// read the same text twice.
export function announce(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// onceAFrame returns a function that asks for work in the next frame. However often
// it is called, the work is done once.
export function onceAFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

let ids = 0;
export const freshId = (stem) => `${stem}-${++ids}`;

// every calls work now and then at an interval while the page is visible, until
// the signal aborts. Calls never overlap.
export function every(milliseconds, signal, work) {
  let timer;
  const turn = async () => {
    if (!document.hidden) await work().catch(reportError);
    if (!signal.aborted) timer = setTimeout(turn, milliseconds);
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  turn();
}

const words = (name) => name.toLowerCase().replaceAll('_', ' ');
// displayName is a schema name for people: TRANSFER_OUT becomes "Transfer out".
export const displayName = (name) => words(name).replace(/^./, (first) => first.toUpperCase());

// moment formats a DateTime of the API for people, in UTC, which defines the
// bank's day.
export const moment = (text) => text.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
export const time = (text) =>
  h('time', { datetime: text, title: moment(text) }, h('span', { class: 'day' }, text.slice(0, 10)), ' ',
    text.slice(11, 19));
