// One account's transactions, newest first, merged from pages of its history. Each
// version appears once, however often it is received. The list is bounded: new
// transactions push the oldest out, which can be loaded again.
import { minor } from './money.js';

export const live = 250; // rows that are kept as they arrive
export const most = 1000; // rows that are kept when older ones are loaded

export class Ledger {
  #byVersion = new Map();
  #undone = new Map(); // what newer rows say of those that they reverse
  #room = live;

  constructor() {
    this.rows = []; // newest first
    this.more = true; // whether there are older ones
  }

  get newest() {
    return this.rows[0]?.cursor ?? null;
  }

  get oldest() {
    return this.rows.at(-1)?.cursor ?? null;
  }

  get full() {
    return this.rows.length >= most;
  }

  // start replaces everything by the newest page.
  start({ edges, pageInfo }) {
    this.#byVersion.clear();
    this.rows = [];
    this.more = pageInfo.hasNextPage;
    this.#add(edges);
  }

  // newer adds the page before the newest row. It reports whether there are more.
  newer({ edges, pageInfo }) {
    this.#add(edges);
    if (this.rows.length > this.#room) {
      for (const { version } of this.rows.splice(this.#room)) this.#byVersion.delete(version);
      this.more = true;
    }
    return pageInfo.hasPreviousPage;
  }

  // older adds the page after the oldest row, and makes room for it.
  older({ edges, pageInfo }) {
    this.more = pageInfo.hasNextPage;
    this.#room = Math.min(most, Math.max(this.#room, this.rows.length + edges.length));
    this.#add(edges);
  }

  #add(edges) {
    const fresh = edges.filter(({ node }) => !this.#byVersion.has(node.version))
      .map(({ node, cursor }) => ({ ...node, cursor }));
    for (const row of fresh) this.#byVersion.set(row.version, row);
    if (fresh.length) this.rows = [...this.rows, ...fresh].sort((a, b) => b.version - a.version);
    for (const row of fresh.toSorted((a, b) => a.version - b.version)) this.#undo(row);
  }

  // #undo keeps what a row says of the row that it reverses: of this account, or of
  // the one that paid it.
  #undo({ accountId, reverses, transfer }) {
    if (!reverses) return;
    const key = reverses.accountId === accountId ? reverses.version : transfer?.reverses?.id;
    this.#undone.set(key, reverses.reversedAmount);
  }

  // reversed is how much of a row was reversed, also since it was read.
  reversed(row) {
    const since = this.#undone.get(row.version) ?? (row.type === 'TRANSFER_IN' && this.#undone.get(row.transferId));
    const amounts = [row.reversedAmount, since].filter(Boolean);
    return amounts.toSorted((a, b) => (minor(a.value).units < minor(b.value).units ? 1 : -1))[0] ?? null;
  }

  // returned are the transfers that came back.
  get returned() {
    return new Set(this.rows.filter(({ type }) => type === 'TRANSFER_RETURNED').map(({ transferId }) => transferId));
  }
}
