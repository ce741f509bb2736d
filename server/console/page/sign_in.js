// Where a person gives the page a token. It is kept in memory alone.
import { signIn } from './api.js';
import { freshId, h } from './dom.js';

export function signInPanel(then) {
  const id = freshId('token');
  const input = h('textarea', { id, rows: '4', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'none', 'aria-describedby': `${id}-hint`, required: true });
  const submit = (event) => {
    event.preventDefault();
    if (!input.value.trim()) return input.focus();
    signIn(input.value);
    input.value = '';
    then();
  };
  return {
    element: h('form', { class: 'card form sign-in', onsubmit: submit },
      h('h1', {}, 'Who are you?'),
      h('p', {}, 'The bank answers only with a token. Paste one:'),
      h('div', { class: 'field' }, h('label', { for: id }, 'Token'), input,
        h('p', { class: 'hint', id: `${id}-hint` }, 'Make one with ', h('code', {}, 'corebank token --role teller --data DIR'), '. It stays in the memory of this page and is gone when you close or reload it. Where the bank hands this page a token itself, reloading gets a new one.')),
      h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Sign in'))),
    focus: () => input.focus(),
  };
}
