// A view of one thing that is read again until it has ended.
import { every, h, show } from './dom.js';
import { trouble } from './refusal.js';

// follow draws what read returns, and again when it has changed, so that the focus
// and a screen reader stay undisturbed. Failures are shown until reading succeeds.
export async function follow({ interval, signal, read, draw, ended }) {
  const element = h('div', { 'aria-live': 'polite' });
  let last;
  let over = false;
  const shows = (state, ...content) => {
    if (state === last) return;
    last = state;
    show(element, content);
  };
  const refresh = async () => {
    if (over) return;
    try {
      const found = await read();
      shows(JSON.stringify(found), draw(found));
      over = ended(found);
    } catch (error) {
      if (signal.aborted) return;
      shows(error.message, trouble(error, h('p', { class: 'small' }, 'The page tries again by itself.')));
    }
  };
  await refresh();
  every(interval, signal, refresh);
  return element;
}
