// h makes an element. Properties that begin with "on" are listeners, null and
// false are left out; children are nodes, texts or lists of them. Texts are
// never taken for markup.
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

// s is h for the elements of SVG.
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
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// show replaces what is in an element.
export function show(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

// announce changes a text only when it says something else, so that a screen
// reader is not told the same twice.
export function announce(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let ids = 0;
export const freshId = (stem) => `${stem}-${++ids}`;

// every calls work now and then again each so many milliseconds while the page
// is seen, until the signal says stop. It never runs twice at a time.
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
// said is a name of the schema for people: TRANSFER_OUT is "Transfer out".
export const said = (name) => words(name).replace(/^./, (first) => first.toUpperCase());

// moment is a DateTime of the API for people, in UTC as the bank counts days.
export const moment = (text) => text.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
export const time = (text) =>
  h('time', { datetime: text, title: moment(text) }, h('span', { class: 'day' }, text.slice(0, 10)), ' ', text.slice(11, 19));
