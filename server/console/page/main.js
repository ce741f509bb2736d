// The page: selects the view named by the address and holds what all views share.
import { accountView } from './account.js';
import { accountsView } from './accounts.js';
import { changed, renewBy, signedIn, signIn } from './api.js';
import { announce, h, show } from './dom.js';
import { Form, keep } from './form.js';
import { healthView } from './health.js';
import { holdView } from './hold.js';
import { journalView } from './journal.js';
import { copied } from './money.js';
import { persist } from './persist.js';
import { trouble } from './refusal.js';
import { caller, may, mayRead, ownOnly } from './rights.js';
import { read } from './route.js';
import { begin, end, resume } from './session.js';
import { signInPanel } from './sign_in.js';
import { socket } from './socket.js';
import { transferView } from './transfer.js';

const main = document.getElementById('main');
const liveText = { off: '', connecting: 'Connecting…', live: 'Live', behind: 'Waiting for the bank…',
  again: 'Connection lost, reconnecting…',
  refused: 'Not signed in' };

// notAllowed stands in the place of a view that the caller may not use.
const notAllowed = (title, section) => ({ title, section, element: h('section', { class: 'card' }, h('h1', {}, title),
  h('p', { class: 'notice' }, 'Your role does not allow this. Sign in with another token to do it.')) });

function openView() {
  if (!may('openAccount')) return notAllowed('Open an account', 'open');
  const form = new Form('openAccount', { caller: ownOnly(), then: () => {} });
  return { title: 'Open an account', section: 'open', element: h('div', { class: 'narrow' }, form.element),
    focus: () => form.focus() };
}

function noView() {
  return { title: 'No such page', element: h('section', { class: 'card' }, h('h1', {}, 'No such page'),
    h('p', {}, 'The address names nothing that the console has. ', h('a', { href: '#/accounts' }, 'Show all accounts'),
      '.')) };
}

const views = new Map(Object.entries({ accounts: accountsView, open: openView, account: accountView,
  transfer: transferView, hold: holdView, journal: journalView,
  health: (route) => (mayRead('systemStatus') ? healthView(route) : notAllowed('Health', 'health')) }));

// offer shows in the header only what the caller may use.
function offer(who) {
  const sections = { open: may('openAccount'), health: mayRead('systemStatus') };
  for (const [section, allowed] of Object.entries(sections)) {
    document.querySelector(`[data-section=${section}]`).hidden = !allowed;
  }
  const roles = who?.roles.join(' and ').toLowerCase();
  const name = roles === who?.subject ? roles : `${who.subject}, ${roles}`;
  announce(document.getElementById('caller'), name ?? '');
}

let current = null; // the view that is shown
let subject = ''; // of the caller who sees it
let panel = null; // the sign-in form, while it is in front
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
  const load = async () => {
    const who = await caller();
    subject = who?.subject;
    offer(who);
    return (views.get(route.name) ?? noView)({ ...route, signal });
  };
  try {
    const view = await persist(signal, load, waitingFor);
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
    ofSession ||= Boolean(code);
    if (code) signIn(await persist(stop.signal, () => begin(code), waitingFor));
    else if (!moved) signIn(await persist(stop.signal, resume, waitingFor));
  } catch (error) {
    if (stop.signal.aborted) return;
    showSignIn(error.message);
    return;
  }
  go(moved);
}

// waitingFor shows why a view is not there yet.
function waitingFor(error) {
  if (main.dataset.waiting === error.message && main.querySelector('.panel.waits')) return;
  main.dataset.waiting = error.message;
  const waits = trouble(error, h('p', { class: 'small' }, 'The page tries again by itself.'));
  waits.classList.add('waits');
  show(main, waits);
}

// showSignIn shows the sign-in form in front of the view, which stays as it is: what
// was typed into it is there again for the same caller.
function showSignIn(reason = '') {
  if (panel) return panel.refuse(reason);
  panel = signInPanel({ begins: () => { ofSession = false; }, then: signedInAs });
  panel.refuse(reason);
  updateSignOut();
  if (current) current.element.hidden = true;
  else show(main);
  main.prepend(panel.element);
  document.title = 'Sign in · corebank';
  panel.focus();
}

// signedInAs goes on with the view that was left, or anew for another caller.
function signedInAs(who) {
  const same = current && who?.subject === subject;
  panel = null;
  updateSignOut();
  main.querySelector('.sign-in').remove();
  if (!same) {
    current = null;
    if (subject && who?.subject !== subject && history.state?.filling?.safe) keep(null); // somebody else typed it
    go(true);
    return;
  }
  offer(who);
  current.element.hidden = false;
  finish(current);
}

// A token of this browser's session ends before the session: then there is a fresh
// one. A token that was pasted is not replaced.
let ofSession = true;
let renewed = -Infinity;
renewBy(async () => {
  if ((signedIn() && !ofSession) || performance.now() - renewed < 10_000) return false;
  renewed = performance.now();
  const token = await resume();
  if (token) signIn(token);
  return Boolean(token);
});

const signOut = document.getElementById('sign-out');
signOut.addEventListener('click', () => {
  stop.abort();
  current = null;
  signIn('');
  end();
  offer(null);
  showSignIn();
});
const updateSignOut = () => { signOut.hidden = !signedIn() || panel !== null; };
changed.addEventListener('token', updateSignOut);
changed.addEventListener('refused', ({ detail }) => showSignIn(detail));

const live = document.getElementById('live');
socket.addEventListener('state', () => {
  const state = socket.state === 'live' && socket.behind ? 'behind' : socket.state;
  live.dataset.state = state;
  announce(live, liveText[state]);
});

// Amounts are copied as other programs read them, not as they are spaced here.
document.addEventListener('copy', (event) => {
  const text = getSelection().toString();
  if (event.target.closest?.('input, textarea') || copied(text) === text) return;
  event.clipboardData.setData('text/plain', copied(text));
  event.preventDefault();
});

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault(); // the hash is the address of a view
  main.focus();
});
addEventListener('hashchange', () => open(true));
updateSignOut();
open();
