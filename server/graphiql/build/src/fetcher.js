import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-ws';

// createFetcher sends queries and mutations by POST and subscriptions over a
// websocket. The headers editor feeds both: as HTTP headers, and as the payload
// of connection_init, because a browser cannot set headers on a websocket. Where
// it names no authorization, as in a tab of an earlier visit, that of the page is
// used.
export function createFetcher({ endpoint, subscriptionEndpoint }, signedIn) {
  return (params, { headers: typed } = {}) => {
    const headers = { ...lowerCase(signedIn), ...lowerCase(typed) };
    const operation = operationOf(params);
    const request = { ...params, operationName: operation?.name?.value ?? params.operationName };
    if (operation?.operation !== 'subscription') return post(endpoint, request, headers);
    return subscribe(websocketURL(subscriptionEndpoint), request, headers);
  };
}

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

async function post(url, request, headers) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
        ...headers,
      },
      body: JSON.stringify(request),
    });
    return parseResult(await response.text(), response);
  } catch (error) {
    return failure(`${url} cannot be reached (${error.message}). Check that the bank is running.`);
  }
}

function parseResult(text, { url, status }) {
  try {
    return JSON.parse(text);
  } catch {
    return failure(`${url} answered ${status} without JSON: ${text.slice(0, 500)}`);
  }
}

// A lost connection is shown and not retried: a silent reconnect would hide that
// transactions may have been missed.
async function* subscribe(url, request, headers) {
  const client = createClient({ url, connectionParams: headers, retryAttempts: 0 });
  try {
    yield* client.iterate(request);
  } catch (error) {
    yield Array.isArray(error) ? { errors: error } : failure(lostText(error));
  } finally {
    client.dispose();
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
