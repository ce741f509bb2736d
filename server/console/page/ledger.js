// One account's transactions, newest first, merged from three sources: pages of
// history, the live subscription, and the gap between the two. Each version
// appears once, however often it is received.
export class Ledger {
  #byVersion = new Map();

  constructor() {
    this.rows = []; // newest first
    this.newest = null; // the history cursor of the newest row read by a page
    this.oldest = null; // the history cursor of the oldest row
    this.more = true; // whether there are older ones
    this.resume = null; // the subscription cursor of the last event
  }

  #add(nodes) {
    let fresh = [];
    for (const node of nodes) {
      if (this.#byVersion.has(node.version)) continue;
      this.#byVersion.set(node.version, node);
      fresh.push(node);
    }
    if (fresh.length) this.rows = [...this.rows, ...fresh].sort((a, b) => b.version - a.version);
    return fresh;
  }

  // older adds the page that follows the oldest row, or the first page.
  older({ edges, pageInfo }) {
    this.more = pageInfo.hasNextPage;
    this.oldest = pageInfo.endCursor ?? this.oldest;
    this.newest ??= pageInfo.startCursor;
    return this.#add(edges.map((edge) => edge.node));
  }

  // newer adds a page of rows newer than the newest cursor. It reports whether
  // there are more.
  newer({ edges, pageInfo }) {
    this.newest = pageInfo.startCursor ?? this.newest;
    this.oldest ??= pageInfo.endCursor;
    this.#add(edges.map((edge) => edge.node));
    return pageInfo.hasPreviousPage;
  }

  // live adds an event of the subscription and reports whether it is new.
  live({ cursor, transaction }) {
    this.resume = cursor;
    return this.#add([transaction]).length > 0;
  }

  get head() {
    return this.rows[0]?.version ?? 0;
  }
}
