// The current state of one account. A subscription says that it has changed; the
// page then reads the account and its new transactions with one query. However
// many changes there are, it reads at most a few times a second.
import { ask } from './api.js';
import { Ledger } from './ledger.js';
import { account as accountQuery, accountUpdated, history } from './queries.js';
import { socket } from './socket.js';

const page = 50;
const jump = 100; // rows of a page that catches up
const pagesBehind = 3; // further behind, it begins anew at the newest page
const pause = 250; // at least, between two queries
const share = 10; // drawing may take this part of the time, as long as the page asks often enough to be live
const poll = 1500; // in case a notification is ever missed
const patience = 2700; // without an answer for so long, the page is not live
const look = 250; // how often that is looked at

export class Live extends EventTarget {
  #announced = 0; // the newest version that the bank spoke of
  #confirmed = 0; // when the last answer was asked for
  #drawing = 0; // milliseconds that the last drawing took
  #timer;
  #asking = false;

  constructor(id, signal) {
    super();
    this.id = id;
    this.signal = signal;
    this.ledger = new Ledger();
    this.account = null;
    this.fault = null;
    this.problem = null;
  }

  #emit(name) {
    if (!this.signal.aborted) this.dispatchEvent(new Event(name));
  }

  // open reads the account and its newest transactions and subscribes to changes.
  // It resolves to the account, or to null if it does not exist.
  async open() {
    await this.#read();
    if (!this.account) return null;
    socket.subscribe({
      query: accountUpdated, signal: this.signal, variables: () => ({ id: this.id }),
      next: (data) => this.#changed(data.accountUpdated.version),
      ended: (message) => { this.fault = message; this.#emit('change'); },
    });
    const watch = setInterval(() => this.#watch(), look);
    const seen = () => document.hidden || this.#soon();
    document.addEventListener('visibilitychange', seen, { signal: this.signal });
    this.signal.addEventListener('abort', () => {
      clearInterval(watch);
      clearTimeout(this.#timer);
      socket.current(true);
    });
    return this.account;
  }

  #changed(version) {
    this.#announced = Math.max(this.#announced, version);
    this.#soon();
  }

  // drawn says how long the page took to draw the last change. A slow page reads
  // more seldom, so that it stays usable.
  drawn(milliseconds) {
    this.#drawing = milliseconds;
  }

  // #watch reads now and then, and says whether what is shown is current.
  #watch() {
    if (document.hidden) return;
    const age = performance.now() - this.#confirmed;
    socket.current(age < patience && !this.problem);
    if (age > poll) this.#soon();
  }

  // #soon reads once more, after a pause.
  #soon() {
    this.wanted = true;
    if (this.#asking || this.#timer || this.signal.aborted) return;
    const since = performance.now() - this.#confirmed;
    const wait = Math.max(0, Math.max(pause, Math.min(share * this.#drawing, poll)) - since);
    this.#timer = setTimeout(() => { this.#timer = null; this.refresh(); }, wait);
  }

  // refresh reads the account at a version or later. Calls while it is reading are
  // merged into one more reading.
  async refresh(version = 0) {
    this.#announced = Math.max(this.#announced, version);
    if (this.#asking || document.hidden) {
      this.wanted = true;
      return;
    }
    this.#asking = true;
    this.wanted = false;
    try {
      await this.#read(this.#announced);
      this.problem = null;
      socket.answered();
    } catch (error) {
      if (this.signal.aborted) return;
      this.problem = error;
    } finally {
      this.#asking = false;
    }
    this.#emit('change');
    const newest = Math.max(this.#announced, this.ledger.rows[0]?.version ?? 0);
    if (this.wanted || (!this.problem && this.account.version < newest)) this.#soon();
  }

  // #read reads the account and what is new in its history, page by page.
  async #read(version = 0) {
    for (let pages = 1, more = true; more; pages++) {
      const asked = performance.now();
      const before = pages > pagesBehind ? null : this.ledger.newest;
      const wanted = before ? { last: jump, before } : { first: pages > 1 ? jump : page };
      const { account } = await ask(accountQuery, { id: this.id, ...wanted,
        ...(version && { minVersion: version, waitMs: 3000 }) }, { signal: this.signal });
      if (!account || account.version < (this.account?.version ?? 0)) return;
      this.#confirmed = asked;
      this.account = account;
      more = before !== null && this.ledger.newer(account.history);
      if (before === null) this.ledger.start(account.history);
    }
  }

  // rows are the transactions up to the version of the account: the history may
  // have been read a moment later.
  get rows() {
    const { rows } = this.ledger;
    const from = rows.findIndex(({ version }) => version <= this.account.version);
    return from <= 0 ? (from < 0 ? [] : rows) : rows.slice(from);
  }

  // older loads the page before the oldest row.
  async older() {
    const { history: found } = await ask(history, { accountId: this.id, first: page, after: this.ledger.oldest },
      { signal: this.signal });
    this.ledger.older(found);
    this.#emit('change');
  }
}
