// The current state of one account: it listens to the subscription and reads the
// account at the version that was announced.
import { ask } from './api.js';
import { every } from './dom.js';
import { Ledger } from './ledger.js';
import { account as accountQuery, accountUpdated, history, transactions } from './queries.js';
import { socket } from './socket.js';

const page = 50;
const poll = 5000; // in case a notification is ever missed

export class Live extends EventTarget {
  constructor(id, signal) {
    super();
    this.id = id;
    this.signal = signal;
    this.ledger = new Ledger();
    this.account = null;
    this.fault = null;
  }

  #emit(name) {
    if (!this.signal.aborted) this.dispatchEvent(new Event(name));
  }

  // open reads the account and its newest transactions and subscribes to both. It
  // resolves to the account, or to null if it does not exist.
  async open() {
    const { account } = await ask(accountQuery, { id: this.id }, { signal: this.signal });
    if (!account) return null;
    this.account = account;
    await this.older();
    socket.subscribe({
      query: transactions, signal: this.signal,
      variables: () => ({ accountId: this.id, after: this.ledger.resume }),
      next: (data) => this.#event(data.transactions),
      ended: (message) => { this.fault = message; this.#emit('fault'); },
    });
    // Holds, freezes and limits change without a transaction.
    socket.subscribe({
      query: accountUpdated, signal: this.signal, variables: () => ({ id: this.id }), ended: () => {},
      next: (data) => this.refresh(data.accountUpdated.version),
    });
    every(poll, this.signal, () => this.refresh());
    return account;
  }

  // older loads the page before the oldest row.
  async older() {
    const { history: found } = await ask(history, { accountId: this.id, first: page, after: this.ledger.oldest },
      { signal: this.signal });
    this.ledger.older(found);
    this.#emit('rows');
  }

  // #catchUp closes the gap between the pages and the first live event: it reads
  // the rows newer than the newest row of a page, up to a version.
  async #catchUp(version) {
    for (let more = true; more;) {
      const before = this.ledger.newest;
      const wanted = before ? { last: 100, before } : { first: 100 };
      const { history: found } = await ask(history, { accountId: this.id, ...wanted, minVersion: version,
        waitMs: 2000 }, { signal: this.signal });
      if (before) more = this.ledger.newer(found) && this.ledger.newest !== before;
      else {
        this.ledger.older(found);
        more = false;
      }
    }
    this.#emit('rows');
  }

  async #event(event) {
    if (this.ledger.live(event)) {
      this.last = event.transaction;
      this.#emit('rows');
      this.#emit('news');
    }
    await this.refresh(event.transaction.version);
  }

  // refresh reads the account at a version or later. Requests made while one is
  // running are merged into a single one for the latest version.
  async refresh(version = 0) {
    this.wanted = Math.max(this.wanted ?? 0, version);
    if (this.asking) return;
    this.asking = true;
    try {
      do {
        const minVersion = this.wanted || undefined;
        this.wanted = 0;
        const { account } = await ask(accountQuery, { id: this.id, minVersion, waitMs: minVersion && 3000 },
          { signal: this.signal });
        this.#changed(account);
      } while (this.wanted > 0 && !this.signal.aborted);
      await this.#join();
      this.problem = null;
      this.#emit('account');
    } catch (error) {
      this.#trouble(error);
    } finally {
      this.asking = false;
    }
  }

  // #join reads the rows between the pages and the first live event. Before that
  // event the subscription has no cursor to resume from, so each new version is
  // checked. After it, once is enough.
  async #join() {
    const linked = this.ledger.resume !== null;
    if (this.joined || (!linked && this.account.version === this.seen)) return;
    const { version } = this.account;
    await this.#catchUp(version);
    this.seen = version;
    this.joined = linked;
  }

  #changed(account) {
    if (!account || account.version < this.account.version) return;
    this.account = account;
    this.#emit('account');
  }

  #trouble(error) {
    if (this.signal.aborted) return;
    this.problem = error;
    this.#emit('account');
  }
}
