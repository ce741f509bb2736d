import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-ws';

// createFetcher sends queries and mutations by POST and subscriptions over a
// websocket. The headers editor feeds both: as HTTP headers, and as the payload
// of connection_init, because a browser cannot set headers on a websocket. Where
// it names no authorization, as in a tab of an earlier visit, that of the page is
// used. The token of the browser's session ends before the session: then signInAgain
// fetches a fresh one.
export function createFetcher({ endpoint, subscriptionEndpoint }, signedIn, signInAgain) {
  const first = lowerCase(signedIn);
  let current = first;
  const headersOf = (typed) => {
    const { authorization, ...others } = lowerCase(typed);
    const own = authorization && authorization !== first.authorization;
    return { own, headers: { ...current, ...others, ...(own && { authorization }) } };
  };
  const renewed = async () => {
    current = lowerCase(await signInAgain().catch(() => null));
    return Boolean(current.authorization);
  };
  return (params, { headers: typed } = {}) => {
    const operation = operationOf(params);
    const request = { ...params, operationName: operation?.name?.value ?? params.operationName };
    const again = async () => (!headersOf(typed).own && (await renewed()) ? headersOf(typed).headers : null);
    const { headers } = headersOf(typed);
    if (operation?.operation !== 'subscription') return post(endpoint, request, headers, again);
    return subscribe(websocketURL(subscriptionEndpoint), request, headers, again);
  };
}

export const pause = () => new Promise((done) => {
  setTimeout(done, 2000);
});

const lowerCase = (headers) => Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

// The only operation of a document, or else the one that is named: just after a
// change of tab, GraphiQL still names the operation of the tab before. A
// document that does not parse goes to the server, whose error then shows.
function operationOf({ query, operationName }) {
  try {
    const document = parse(query);
    return getOperationAST(document) ?? getOperationAST(document, operationName);
  } catch {
    return null;
  }
}

// GraphiQL asks for the schema once, when it starts: that is tried again until the
// bank answers.
async function post(url, request, headers, again) {
  for (;;) {
    const response = await send(url, request, headers).catch((error) => error);
    const away = response instanceof Error || response.status >= 500;
    if (away && request.operationName === 'IntrospectionQuery') {
      await pause();
      continue;
    }
    if (response instanceof Error) {
      return failure(`${url} cannot be reached (${response.message}). Check that the bank is running.`);
    }
    const fresh = response.status === 401 && again ? await again() : null;
    if (!fresh) return parseResult(await response.text(), response);
    [headers, again] = [fresh, null]; // what was refused for its token did not happen
  }
}

function send(url, request, headers) {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...headers,
    },
    body: JSON.stringify(request),
  });
}

function parseResult(text, { url, status }) {
  try {
    return JSON.parse(text);
  } catch {
    return failure(`${url} answered ${status} without JSON: ${text.slice(0, 500)}`);
  }
}

// A lost connection is shown and not retried: a silent reconnect would hide that
// transactions may have been missed. A token that is refused at the start is not a
// lost connection.
async function* subscribe(url, request, headers, again) {
  const client = createClient({ url, connectionParams: headers, retryAttempts: 0 });
  let begun = false;
  try {
    for await (const result of newest(client.iterate(request))) {
      begun = true;
      yield result;
    }
  } catch (error) {
    const fresh = error.code === 4401 && !begun && again ? await again() : null;
    if (fresh) yield* subscribe(url, request, fresh, null);
    else yield Array.isArray(error) ? { errors: error } : failure(lostText(error));
  } finally {
    client.dispose();
  }
}

const calm = 250; // milliseconds between two results that are shown

// newest passes on the newest result of a stream, at most a few times a second: the
// page shows one result, and writing each of many would keep it from anything else.
async function* newest(results) {
  let waiting = [];
  let wake = () => {};
  let over = null;
  const note = (change) => { change(); wake(); };
  const read = async () => {
    for await (const result of results) note(() => { waiting = [result]; });
  };
  read().then(() => note(() => { over = {}; }), (error) => note(() => { over = { error }; }));
  try {
    while (waiting.length > 0 || !over) {
      if (waiting.length === 0) await new Promise((done) => { wake = done; });
      const [result] = waiting.splice(0);
      if (!result) continue;
      yield result;
      await new Promise((done) => {
        setTimeout(done, calm);
      });
    }
    if (over.error) throw over.error;
  } finally {
    results.return();
  }
}

function lostText({ code, reason, message }) {
  const why = [code, reason || message].filter(Boolean).join(' ');
  return `The websocket was lost (${why}). Run the subscription again, with "after" set to the last cursor seen.`;
}

// A failure takes the shape of a GraphQL answer: an Error would be shown with
// its stack.
function failure(message) {
  return { errors: [{ message }] };
}

function websocketURL(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
