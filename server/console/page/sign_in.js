// The sign-in form. The token is kept in memory only. A token that is refused stays
// in the form, with the reason.
import { signIn } from './api.js';
import { freshId, h } from './dom.js';
import { caller } from './rights.js';

export function signInPanel({ begins, then }) {
  const id = freshId('token');
  const input = h('textarea', { id, rows: '4', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'none',
    'aria-describedby': `${id}-hint ${id}-reason`, required: true });
  const reason = h('p', { class: 'notice', role: 'alert', id: `${id}-reason`, hidden: true });
  const button = h('button', { type: 'submit', class: 'primary' }, 'Sign in');
  const refuse = (text) => {
    reason.textContent = text;
    reason.hidden = !text;
  };
  const submit = async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    if (!input.value.trim()) return input.focus();
    button.disabled = true;
    try {
      begins();
      signIn(input.value);
      const who = await caller();
      input.value = '';
      then(who);
    } catch (error) {
      refuse(error.message);
      input.focus();
    }
    button.disabled = false;
  };
  return {
    refuse,
    element: h('form', { class: 'card form sign-in', novalidate: true, onsubmit: submit },
      h('h1', {}, 'Sign in'), reason,
      h('p', {}, 'Paste an access token, or open the sign-in link that the bank printed when it started.'),
      h('div', { class: 'field' }, h('label', { for: id }, 'Token'), input,
        h('p', { class: 'hint', id: `${id}-hint` }, 'Create a token with ',
          h('code', {}, 'corebank token --role teller --data DIR'),
          '. It stays in the memory of this page and is gone when you close or reload the page. ',
          'For a new sign-in link, add ', h('code', {}, '--link'), '.')),
      h('div', { class: 'buttons' }, button)),
    focus: () => input.focus(),
  };
}
