// One account's transactions, newest first, as they come in from three sides:
// pages of history, the live subscription, and the gap between the two. A
// version is there once, however often it is told.
export class Ledger {
  #byVersion = new Map();

  constructor() {
    this.rows = []; // newest first
    this.newest = null; // the history's cursor of the newest row that a page gave
    this.oldest = null; // that of the oldest row
    this.more = true; // whether there are older ones
    this.resume = null; // the subscription's cursor of the last event
  }

  #take(nodes) {
    let fresh = [];
    for (const node of nodes) {
      if (this.#byVersion.has(node.version)) continue;
      this.#byVersion.set(node.version, node);
      fresh.push(node);
    }
    if (fresh.length) this.rows = [...this.rows, ...fresh].sort((a, b) => b.version - a.version);
    return fresh;
  }

  // older takes a page that goes on where the oldest row is, or the first page.
  older({ edges, pageInfo }) {
    this.more = pageInfo.hasNextPage;
    this.oldest = pageInfo.endCursor ?? this.oldest;
    this.newest ??= pageInfo.startCursor;
    return this.#take(edges.map((edge) => edge.node));
  }

  // newer takes a page of what is newer than the newest cursor. It reports
  // whether there is still more.
  newer({ edges, pageInfo }) {
    this.newest = pageInfo.startCursor ?? this.newest;
    this.oldest ??= pageInfo.endCursor;
    this.#take(edges.map((edge) => edge.node));
    return pageInfo.hasPreviousPage;
  }

  // live takes an event of the subscription; true when it is new.
  live({ cursor, transaction }) {
    this.resume = cursor;
    return this.#take([transaction]).length > 0;
  }

  get head() {
    return this.rows[0]?.version ?? 0;
  }
}
