// What stock clients do with the bank's answers, with the settings of their first page.
// TestStockClients runs it against gateways with narrow limits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApolloClient, HttpLink, InMemoryCache, from } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";
import { loadSchema } from "@graphql-tools/load";
import { UrlLoader } from "@graphql-tools/url-loader";
import { isInputObjectType, isObjectType, parse } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const headers = { authorization: `Bearer ${process.env.TOKEN}` };

test("Apollo's RetryLink sends again what was limited", async () => {
  let sent = 0, limited = 0;
  const counted = async (...request) => {
    const answer = await fetch(...request);
    sent++;
    if (answer.status === 429) limited++;
    return answer;
  };
  const retry = new RetryLink({ attempts: { max: 20 } });
  const client = new ApolloClient({ cache: new InMemoryCache(),
    link: from([retry, new HttpLink({ uri: process.env.LIMITED + "/graphql", headers, fetch: counted })]) });
  const query = parse("{ caller { subject } }");
  const answers = await Promise.all(Array.from({ length: 30 }, () =>
    client.query({ query, fetchPolicy: "network-only", context: { queryDeduplication: false } })));
  assert.ok(answers.every(({ data }) => data.caller.subject), "each is answered at last");
  assert.ok(limited > 0 && sent === 30 + limited, `${limited} of ${sent} were limited`);
});

test("graphql-ws connects again when too many connections were open", async () => {
  const url = process.env.NARROW.replace("http", "ws") + "/graphql";
  const connect = (more) => createClient({ url, webSocketImpl: WebSocket, connectionParams: headers, lazy: false, onNonLazyError: () => {}, ...more });
  const first = connect();
  await new Promise((connected) => { first.on("connected", connected); });
  const codes = [];
  const second = connect({ on: { closed: ({ code }) => codes.push(code) } });
  while (codes.length === 0) await sleep(10);
  const again = new Promise((connected) => { second.on("connected", connected); });
  await first.dispose();
  await again;
  assert.ok(codes.every((code) => code === 1013), `it was closed with ${codes}`);
  await second.dispose();
});

for (const [name, path] of Object.entries({ introspection: "/graphql", "the file": "/schema.graphql" })) {
  test(`graphql-tools loads the schema from ${name}`, async () => {
    const schema = await loadSchema(process.env.URL + path, { loaders: [new UrlLoader()] });
    assert.ok(isObjectType(schema.getType("Account")) && schema.getMutationType().getFields().deposit);
    const asOf = schema.getType("AsOf");
    assert.ok(isInputObjectType(asOf) && asOf.getFields().version);
    // The loader's introspection does not ask for oneOf.
    assert.equal(asOf.isOneOf, path.endsWith(".graphql"), "AsOf takes exactly one field");
  });
}
