// The page: selects the view named by the address and holds what all views share.
import { accountView } from './account.js';
import { accountsView } from './accounts.js';
import { changed, signedIn, signIn } from './api.js';
import { announce, h, show } from './dom.js';
import { Form } from './form.js';
import { healthView } from './health.js';
import { hold } from './queries.js';
import { trouble } from './refusal.js';
import { read } from './route.js';
import { begin, end, resume } from './session.js';
import { signInPanel } from './sign_in.js';
import { socket } from './socket.js';
import { holdView, transferView } from './transfer.js';

const main = document.getElementById('main');
const liveText = { off: '', connecting: 'Connecting…', live: 'Live', again: 'Connection lost, reconnecting…',
  refused: 'Not signed in' };

function openView() {
  const form = new Form('openAccount', { then: () => {} });
  return { title: 'Open an account', section: 'open', element: h('div', { class: 'narrow' }, form.element),
    focus: () => form.focus() };
}

const views = { accounts: accountsView, open: openView, account: accountView, transfer: transferView,
  health: healthView, hold: (route) => holdView(route, hold) };

let current = null; // the view that is shown
let stop = new AbortController();

function finish(view, hash) {
  document.title = `${view.title} · corebank`;
  for (const link of document.querySelectorAll('[data-section]')) {
    if (link.dataset.section === view.section) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (view.focus) view.focus();
  else if (hash !== undefined) main.focus({ preventScroll: true });
}

// go shows the view named by the address. It abandons a view that is still
// loading.
async function go(moved) {
  const route = read(location.hash);
  if (current?.turn && current.key === `${route.name}/${route.id}`) {
    finish({ ...current, ...current.turn(route) }, moved);
    return;
  }
  stop.abort();
  stop = new AbortController();
  const { signal } = stop;
  current = null;
  try {
    const view = await (views[route.name] ?? accountsView)({ ...route, signal });
    if (signal.aborted) return;
    current = view;
    show(main, view.element);
    if (moved) scrollTo(0, 0);
    finish(view, moved);
  } catch (error) {
    if (signal.aborted || error.code === 'UNAUTHENTICATED') return;
    const again = h('button', { type: 'button', onclick: () => go(true) }, 'Try again');
    show(main, trouble(error, h('div', { class: 'buttons' }, again)));
  }
}

// open shows the view named by the address, after it has signed in with the code
// of a sign-in link, or on a new page with the session of this browser.
async function open(moved) {
  const [, code] = location.hash.match(/^#\/sign-in\/([A-Z0-9]+)$/) ?? [];
  if (code) history.replaceState(null, '', '#/accounts');
  try {
    if (code) signIn(await begin(code));
    else if (!moved) signIn(await resume());
  } catch (error) {
    showSignIn(error.message);
    return;
  }
  go(moved);
}

// showSignIn replaces the view by the sign-in form. The address stays, so that the
// same view comes back.
function showSignIn(reason) {
  if (main.querySelector('.sign-in')) return;
  stop.abort();
  current = null;
  const panel = signInPanel(() => { show(main); go(true); }, reason);
  show(main, panel.element);
  document.title = 'Sign in · corebank';
  panel.focus();
}

const signOut = document.getElementById('sign-out');
signOut.addEventListener('click', () => { signIn(''); end(); showSignIn(); });
const updateSignOut = () => { signOut.hidden = !signedIn(); };
changed.addEventListener('token', updateSignOut);
changed.addEventListener('refused', () => showSignIn());

const live = document.getElementById('live');
socket.addEventListener('state', () => {
  live.dataset.state = socket.state;
  announce(live, liveText[socket.state]);
});

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault(); // the hash is the address of a view
  main.focus();
});
addEventListener('hashchange', () => open(true));
updateSignOut();
open();
