// One account as it is now: what the subscription tells, and the account itself
// asked for at the version that was told.
import { ask } from './api.js';
import { every } from './dom.js';
import { Ledger } from './ledger.js';
import { account as accountQuery, accountUpdated, history, transactions } from './queries.js';
import { socket } from './socket.js';

const page = 50;
const poll = 5000; // should a change ever not be told

export class Live extends EventTarget {
  constructor(id, signal) {
    super();
    this.id = id;
    this.signal = signal;
    this.ledger = new Ledger();
    this.account = null;
    this.fault = null;
  }

  #tell(name) {
    if (!this.signal.aborted) this.dispatchEvent(new Event(name));
  }

  // open reads the account and its newest transactions, and follows both. It
  // resolves to the account, or to null when there is none.
  async open() {
    const { account } = await ask(accountQuery, { id: this.id }, { signal: this.signal });
    if (!account) return null;
    this.account = account;
    await this.older();
    socket.subscribe({
      query: transactions, signal: this.signal,
      variables: () => ({ accountId: this.id, after: this.ledger.resume }),
      next: (data) => this.#event(data.transactions),
      ended: (message) => { this.fault = message; this.#tell('fault'); },
    });
    // Holds, freezes and limits change without a transaction.
    socket.subscribe({
      query: accountUpdated, signal: this.signal, variables: () => ({ id: this.id }), ended: () => {},
      next: (data) => this.refresh(data.accountUpdated.version),
    });
    every(poll, this.signal, () => this.refresh());
    return account;
  }

  // older loads a page of what came before the oldest row.
  async older() {
    const { history: found } = await ask(history, { accountId: this.id, first: page, after: this.ledger.oldest }, { signal: this.signal });
    this.ledger.older(found);
    this.#tell('rows');
  }

  // #catchUp closes the gap between the pages and the first live event: it reads
  // what is newer than the newest row of a page, up to a version.
  async #catchUp(version) {
    for (let more = true; more;) {
      const before = this.ledger.newest;
      const wanted = before ? { last: 100, before } : { first: 100 };
      const { history: found } = await ask(history, { accountId: this.id, ...wanted, minVersion: version, waitMs: 2000 }, { signal: this.signal });
      if (before) more = this.ledger.newer(found) && this.ledger.newest !== before;
      else {
        this.ledger.older(found);
        more = false;
      }
    }
    this.#tell('rows');
  }

  async #event(event) {
    if (this.ledger.live(event)) {
      this.last = event.transaction;
      this.#tell('rows');
      this.#tell('news');
    }
    await this.refresh(event.transaction.version);
  }

  // refresh asks for the account, at least at a version. While it waits, more
  // wishes become one: the latest.
  async refresh(version = 0) {
    this.wanted = Math.max(this.wanted ?? 0, version);
    if (this.asking) return;
    this.asking = true;
    try {
      do {
        const minVersion = this.wanted || undefined;
        this.wanted = 0;
        const { account } = await ask(accountQuery, { id: this.id, minVersion, waitMs: minVersion && 3000 }, { signal: this.signal });
        this.#changed(account);
      } while (this.wanted > 0 && !this.signal.aborted);
      await this.#join();
      this.problem = null;
      this.#tell('account');
    } catch (error) {
      this.#trouble(error);
    } finally {
      this.asking = false;
    }
  }

  // #join reads what may lie between the pages and the first live event. Before
  // that event the subscription has no cursor to go on from, so that each new
  // version is looked at; after it, once is enough.
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
    this.#tell('account');
  }

  #trouble(error) {
    if (this.signal.aborted) return;
    this.problem = error;
    this.#tell('account');
  }
}
