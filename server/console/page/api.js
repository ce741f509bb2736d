// The only access to the bank: GraphQL over POST. The token is kept in this
// module alone, so that it is gone when the page closes.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';

export const endpoint = new URL(meta('corebank-endpoint') || '/graphql', location.href);
const timeout = 20_000; // longer than the bank itself retries a command

let token = '';

export const authorization = () => (token ? `Bearer ${token}` : '');
export const signedIn = () => token !== '';

export function signIn(text) {
  rejected = false;
  token = text.trim().replace(/^Bearer\s+/i, '');
  changed.dispatchEvent(new Event('token'));
}

let rejected = false; // whether the bank rejected the token that there is
let renew = async () => false;
let renewing = null; // requests that fail together are renewed together
// renewBy sets what is tried for a fresh token before a person is asked for one.
export const renewBy = (work) => { renew = work; };

// changed fires "token" when the token changes, and "refused" with the reason when
// the bank rejects the token or asks for one.
export const changed = new EventTarget();

// refused asks for another token, and reports whether there is one already.
export async function refused(reason = '') {
  renewing ??= renew().catch(() => false).finally(() => { renewing = null; });
  if (await renewing) return true;
  const detail = signedIn() ? reason || 'The bank does not accept the token any more.' : '';
  rejected = true;
  changed.dispatchEvent(new CustomEvent('refused', { detail }));
  return false;
}

// ApiError is a failed request. Its code is one of the API's, or LOST when no
// answer arrived: the command may or may not have been applied.
export class ApiError extends Error {
  constructor(code, message, extensions = {}, path = []) {
    super(message);
    this.code = code;
    this.extensions = extensions;
    this.path = path;
  }

  // unknown reports whether the command may or may not have been applied.
  get unknown() {
    return this.code === 'LOST' || this.code === 'UNKNOWN_OUTCOME';
  }
}

const isRefusal = (code) => code === 'UNAUTHENTICATED';

const signInFirst = 'Sign in to continue. Nothing was changed.';

// ask returns the data of an answer. A partial answer is an error unless
// allowPart is set; then missing parts are null and described in errors. While the
// token is rejected, nothing is sent.
export async function ask(query, variables, { signal, allowPart } = {}) {
  if (rejected) throw new ApiError('UNAUTHENTICATED', signInFirst);
  const used = token;
  const response = await post({ query, variables }, signal);
  const answer = await read(response);
  const error = answer.errors?.[0];
  if (response.status === 401 || isRefusal(error?.extensions?.code)) {
    // What was sent with a rejected token did not happen, so it may be sent again.
    if (used !== token || await refused(error?.message)) return ask(query, variables, { signal, allowPart });
    throw new ApiError('UNAUTHENTICATED', error?.message ?? signInFirst);
  }
  if (error && !(allowPart && answer.data)) {
    throw new ApiError(error.extensions?.code ?? 'BAD_REQUEST', error.message, error.extensions, error.extensions?.argument ?? error.path);
  }
  return { ...answer.data, errors: answer.errors ?? [] };
}

async function post(body, signal) {
  const headers = { 'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9' };
  if (token) headers.authorization = authorization();
  const late = AbortSignal.timeout(timeout);
  try {
    return await fetch(endpoint, {
      method: 'POST', headers, body: JSON.stringify(body), credentials: 'omit', cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('LOST', 'The bank did not answer. Check your connection and that the bank is running.');
  }
}

async function read(response) {
  try {
    return await response.json();
  } catch {
    if (response.status === 429) {
      throw new ApiError('RATE_LIMITED', 'Too many requests. Nothing was changed. Wait a moment and try again.');
    }
    throw new ApiError('LOST', `The bank answered with status ${response.status} instead of a GraphQL response. `
      + "Try again. If this persists, check the gateway's log.");
  }
}
