// Subscriptions over one websocket with the graphql-transport-ws protocol. A lost
// connection is opened again. Each subscription decides where it resumes: its
// variables are computed again for each connection.
import { authorization, changed, endpoint, refused } from './api.js';

const silence = 45_000; // the bank pings more often
const pauses = [300, 1000, 2000, 5000, 10_000];

export class Socket extends EventTarget {
  #subscriptions = new Map();
  #socket = null;
  #acknowledged = false;
  #tries = 0;
  #timer;
  #watch;
  #ids = 0;

  constructor() {
    super();
    this.state = 'off';
    this.behind = false; // whether the view that listens knows that it is not up to date
    addEventListener('online', () => this.#connectNow());
    changed.addEventListener('token', () => this.#reconnect());
  }

  // subscribe calls next with each event's data until the signal aborts. It calls
  // ended with an error that a retry would not fix.
  subscribe({ query, variables, next, ended, begun, signal }) {
    const id = String(++this.#ids);
    this.#subscriptions.set(id, { query, variables, next, ended, begun });
    signal.addEventListener('abort', () => this.#drop(id));
    if (this.#acknowledged) this.#begin(id);
    else this.#connect();
  }

  // current says whether the view that listens shows what the bank has.
  current(yes) {
    if (this.behind === !yes) return;
    this.behind = !yes;
    this.dispatchEvent(new Event('state'));
  }

  #setState(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }

  #connect() {
    if (this.#socket || this.#subscriptions.size === 0) return;
    clearTimeout(this.#timer);
    this.#setState(this.#tries ? 'again' : 'connecting');
    const url = new URL(endpoint);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, 'graphql-transport-ws');
    this.#socket = socket;
    socket.onopen = () => {
      const token = authorization();
      this.#send({ type: 'connection_init', ...(token && { payload: { authorization: token } }) });
    };
    socket.onmessage = ({ data }) => this.#socket === socket && this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#socket === socket && this.#closed(code, reason);
    this.#restartWatch();
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  // #restartWatch abandons a connection that stays silent for too long.
  #restartWatch() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#abandon(), silence);
  }

  #abandon() {
    const socket = this.#socket;
    this.#closed(0);
    socket?.close();
  }

  #closed(code, reason = '') {
    this.#socket = null;
    this.#acknowledged = false;
    clearTimeout(this.#watch);
    if (code === 4401 || code === 4403) {
      this.#setState('refused');
      refused(reason && `The bank ended the connection: ${reason}.`);
      return;
    }
    if (this.#subscriptions.size === 0) {
      this.#setState('off');
      return;
    }
    this.#setState('again');
    const pause = pauses[Math.min(this.#tries++, pauses.length - 1)];
    this.#timer = setTimeout(() => this.#connect(), pause * (0.75 + Math.random() / 2));
  }

  #connectNow() {
    this.#tries = 0;
    this.#connect();
  }

  // answered says that the bank has answered something else: a connection that waits
  // before it is opened again need not wait longer.
  answered() {
    if (this.state === 'again' && !this.#socket) this.#connect();
  }

  #reconnect() {
    if (this.#socket) this.#abandon();
    clearTimeout(this.#timer);
    this.#connectNow();
  }

  #begin(id) {
    const { query, variables, begun } = this.#subscriptions.get(id);
    this.#send({ id, type: 'subscribe', payload: { query, variables: variables() } });
    begun?.();
  }

  #drop(id) {
    this.#subscriptions.delete(id);
    this.#send({ id, type: 'complete' });
    if (this.#subscriptions.size > 0) return;
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null; // the next subscription opens a new connection
    this.#acknowledged = false;
    this.#setState('off');
    socket?.close(1000);
  }

  #receive(message) {
    this.#restartWatch();
    const one = this.#subscriptions.get(message.id);
    switch (message.type) {
      case 'connection_ack':
        this.#acknowledged = true;
        this.#tries = 0;
        this.#setState('live');
        for (const id of this.#subscriptions.keys()) this.#begin(id);
        break;
      case 'ping':
        this.#send({ type: 'pong' });
        break;
      case 'next':
        if (message.payload.errors) this.#failed(message.id, message.payload.errors);
        else one?.next(message.payload.data);
        break;
      case 'error':
        this.#failed(message.id, message.payload);
        break;
      case 'complete':
        if (one) setTimeout(() => this.#again(message.id), pauses[0]);
        break;
    }
  }

  // #failed restarts the subscription where that helps, as after it was too slow.
  #failed(id, errors) {
    const one = this.#subscriptions.get(id);
    if (!one) return;
    const { code, retryable } = errors[0]?.extensions ?? {};
    if (code === 'UNAUTHENTICATED') refused(errors[0].message);
    if (retryable) {
      setTimeout(() => this.#again(id), pauses[1]);
      return;
    }
    this.#subscriptions.delete(id);
    one.ended(errors[0]?.message ?? 'The subscription ended.');
  }

  #again(id) {
    if (this.#acknowledged && this.#subscriptions.has(id)) this.#begin(id);
  }
}

export const socket = new Socket();
