// The one way to the bank: GraphQL by POST. The token lives in this module and
// nowhere else, so that it ends with the page.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';

export const endpoint = new URL(meta('corebank-endpoint') || '/graphql', location.href);
const patience = 20_000; // longer than the bank tries a command

let token = meta('corebank-token');
document.querySelector('meta[name="corebank-token"]')?.remove();

export const authorization = () => (token ? `Bearer ${token}` : '');
export const signedIn = () => token !== '';

export function signIn(text) {
  token = text.trim().replace(/^Bearer\s+/i, '');
  changed.dispatchEvent(new Event('token'));
}

// changed tells "token" when another one is in use, and "refused" when the bank
// wants one.
export const changed = new EventTarget();
export const refused = () => changed.dispatchEvent(new Event('refused'));

// ApiError is an answer that is none. Its code is one of the API's, or LOST when
// no answer came: what was asked for may have happened or not.
export class ApiError extends Error {
  constructor(code, message, extensions = {}, path = []) {
    super(message);
    this.code = code;
    this.extensions = extensions;
    this.path = path;
  }

  // unknown: it may or may not have happened.
  get unknown() {
    return this.code === 'LOST' || this.code === 'UNKNOWN_OUTCOME';
  }
}

const isRefusal = (code) => code === 'UNAUTHENTICATED';

// ask gives the data of an answer. Part of an answer is none, except that
// allowPart takes it, with what is missing as null and said in errors.
export async function ask(query, variables, { signal, allowPart } = {}) {
  const response = await post({ query, variables }, signal);
  const answer = await read(response);
  const error = answer.errors?.[0];
  if (response.status === 401 || isRefusal(error?.extensions?.code)) {
    refused();
    throw new ApiError('UNAUTHENTICATED', error?.message ?? 'The bank wants to know who you are: sign in.');
  }
  if (error && !(allowPart && answer.data)) {
    throw new ApiError(error.extensions?.code ?? 'BAD_REQUEST', error.message, error.extensions, error.path);
  }
  return { ...answer.data, errors: answer.errors ?? [] };
}

async function post(body, signal) {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json;q=0.9' };
  if (token) headers.authorization = authorization();
  const late = AbortSignal.timeout(patience);
  try {
    return await fetch(endpoint, {
      method: 'POST', headers, body: JSON.stringify(body), credentials: 'omit', cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('LOST', 'The bank did not answer. Check that it is running and that you are connected.');
  }
}

async function read(response) {
  try {
    return await response.json();
  } catch {
    if (response.status === 429) throw new ApiError('RATE_LIMITED', 'Too many requests. Nothing happened; wait a moment and send it again.');
    throw new ApiError('LOST', `The bank answered ${response.status}, and not as GraphQL. Try again; if it stays, look at the gateway's log.`);
  }
}
