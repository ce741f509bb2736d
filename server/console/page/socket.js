// Subscriptions over one websocket with the graphql-transport-ws protocol. A
// connection that broke is made again, and each subscription says by itself how
// it goes on: its variables are asked for anew each time.
import { authorization, changed, endpoint, refused } from './api.js';

const silence = 45_000; // the bank pings more often than this
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
    addEventListener('online', () => this.#hurry());
    changed.addEventListener('token', () => this.#renew());
  }

  // subscribe calls next with each event's data until the signal says stop.
  // ended is told an error that trying again would not mend.
  subscribe({ query, variables, next, ended, begun, signal }) {
    const id = String(++this.#ids);
    this.#subscriptions.set(id, { query, variables, next, ended, begun });
    signal.addEventListener('abort', () => this.#drop(id));
    if (this.#acknowledged) this.#begin(id);
    else this.#connect();
  }

  #say(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }

  #connect() {
    if (this.#socket || this.#subscriptions.size === 0) return;
    clearTimeout(this.#timer);
    this.#say(this.#tries ? 'again' : 'connecting');
    const url = new URL(endpoint);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, 'graphql-transport-ws');
    this.#socket = socket;
    socket.onopen = () => {
      const token = authorization();
      this.#send({ type: 'connection_init', ...(token && { payload: { authorization: token } }) });
    };
    socket.onmessage = ({ data }) => this.#socket === socket && this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#socket === socket && this.#closed(code);
    this.#listen();
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  // #listen gives up a connection that says nothing for too long.
  #listen() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#abandon(), silence);
  }

  #abandon() {
    const socket = this.#socket;
    this.#closed(0);
    socket?.close();
  }

  #closed(code) {
    this.#socket = null;
    this.#acknowledged = false;
    clearTimeout(this.#watch);
    if (code === 4401 || code === 4403) {
      this.#say('refused');
      refused();
      return;
    }
    if (this.#subscriptions.size === 0) {
      this.#say('off');
      return;
    }
    this.#say('again');
    const pause = pauses[Math.min(this.#tries++, pauses.length - 1)];
    this.#timer = setTimeout(() => this.#connect(), pause * (0.75 + Math.random() / 2));
  }

  #hurry() {
    this.#tries = 0;
    this.#connect();
  }

  #renew() {
    if (this.#socket) this.#abandon();
    clearTimeout(this.#timer);
    this.#hurry();
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
    this.#socket = null; // a next subscription gets a connection of its own
    this.#acknowledged = false;
    this.#say('off');
    socket?.close(1000);
  }

  #receive(message) {
    this.#listen();
    const one = this.#subscriptions.get(message.id);
    switch (message.type) {
      case 'connection_ack':
        this.#acknowledged = true;
        this.#tries = 0;
        this.#say('live');
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

  // #failed begins again where that helps, as for one that was too slow.
  #failed(id, errors) {
    const one = this.#subscriptions.get(id);
    if (!one) return;
    const { code, retryable } = errors[0]?.extensions ?? {};
    if (code === 'UNAUTHENTICATED') refused();
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
