// The sign-in form. The token is kept in memory only.
import { signIn } from './api.js';
import { freshId, h } from './dom.js';

export function signInPanel(then, reason) {
  const id = freshId('token');
  const input = h('textarea', { id, rows: '4', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'none',
    'aria-describedby': `${id}-hint`, required: true });
  const submit = (event) => {
    event.preventDefault();
    if (!input.value.trim()) return input.focus();
    signIn(input.value);
    input.value = '';
    then();
  };
  return {
    element: h('form', { class: 'card form sign-in', onsubmit: submit },
      h('h1', {}, 'Sign in'),
      reason && h('p', { class: 'notice', role: 'alert' }, reason),
      h('p', {}, 'Paste an access token, or open the sign-in link that the bank printed when it started.'),
      h('div', { class: 'field' }, h('label', { for: id }, 'Token'), input,
        h('p', { class: 'hint', id: `${id}-hint` }, 'Create a token with ',
          h('code', {}, 'corebank token --role teller --data DIR'),
          '. It stays in the memory of this page and is gone when you close or reload the page. ',
          'For a new sign-in link, add ', h('code', {}, '--link'), '.')),
      h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Sign in'))),
    focus: () => input.focus(),
  };
}
