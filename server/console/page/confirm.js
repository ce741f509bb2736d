// A question before what cannot be undone.
import { freshId, h } from './dom.js';

// confirmed asks and resolves to whether the answer was yes. Escape means no.
export function confirmed({ title, text, yes, no }) {
  const id = freshId('question');
  const dialog = h('dialog', { class: 'question', 'aria-labelledby': id },
    h('h2', { id }, title), h('p', {}, text),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', autofocus: true, onclick: () => dialog.close('no') }, no),
      h('button', { type: 'button', class: 'grave', onclick: () => dialog.close('yes') }, yes)));
  document.body.append(dialog);
  return new Promise((answer) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      answer(dialog.returnValue === 'yes');
    });
    dialog.showModal();
  });
}
