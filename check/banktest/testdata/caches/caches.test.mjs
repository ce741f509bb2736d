// What the caches of Apollo Client, urql and Relay show, with their default settings
// unless a test says otherwise. TestStockCaches runs it against a bank.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { buildClientSchema, getIntrospectionQuery, isInterfaceType, isObjectType } from "graphql";
import { apollo, relayStore, urql } from "./libraries.mjs";
import { keys, typePolicies } from "./guide.mjs"; // the settings that the guide shows

const ACCOUNT = `query Now($id: ID!) { account(id: $id) { id version balance { id current { value } } } }`;
const OPEN = `mutation Open($input: OpenAccountInput!) { openAccount(input: $input) { account { id } } }`;
const DEPOSIT = `mutation Deposit($input: DepositInput!) { deposit(input: $input) {
  account { id version balance { current { value } } } transaction { id amount { value } } } }`;
const CURRENT = `query Current($id: ID!) { account(id: $id) { id balance { id current { value } } } }`;
const AVAILABLE = `query Available($id: ID!) { account(id: $id) { id limits { id overdraft { value } } balance { id available { value } } } }`;

const amount = (value) => ({ value, currency: "EUR" });
const pay = (accountId, value, more = {}) => ({ input: { accountId, amount: amount(value), idempotencyKey: randomUUID(), ...more } });

// given opens an account with 5.00 whose state the cache has.
async function given(library) {
  const { openAccount } = await library.ask(OPEN, { input: { owner: "ada", currency: "EUR", idempotencyKey: randomUUID() } });
  const id = openAccount.account.id;
  const { deposit } = await library.ask(DEPOSIT, pay(id, "5.00"));
  await settled(library, id, deposit.account.version);
  return id;
}

const VISIBLE = `query Visible($id: ID!, $version: Int, $ms: Int) { account(id: $id, minVersion: $version, waitMs: $ms) { id } }`;

async function settled(library, id, version) {
  await library.ask(VISIBLE, { id, version, ms: 10_000 });
  await library.ask(ACCOUNT, { id });
}

async function shows(library, id, value, version) {
  const { account } = await library.shown(ACCOUNT, { id });
  assert.equal(account.balance.current.value, value);
  assert.equal(account.version, version);
}

for (const [name, library] of Object.entries({ "Apollo Client": apollo, urql, Relay: relayStore })) {
  test(`${name}: a dry run is not the account of now`, async () => {
    const cache = library(), id = await given(cache);
    const tried = await cache.ask(DEPOSIT, pay(id, "1000.00", { dryRun: true }));
    assert.equal(tried.deposit.account.balance.current.value, "1005.00");
    await shows(cache, id, "5.00", 2);
    const real = await cache.ask(DEPOSIT, pay(id, "1.00"));
    assert.notEqual(real.deposit.transaction.id, tried.deposit.transaction.id);
    assert.notEqual(real.deposit.account.id, tried.deposit.account.id);
  });

  test(`${name}: the past is not the account of now`, async () => {
    const cache = library(), id = await given(cache);
    const past = `query Past($id: ID!, $asOf: AsOf) { account(id: $id, asOf: $asOf) { id version balance { id current { value } } } }`;
    const { account } = await cache.ask(past, { id, asOf: { version: 1 } });
    assert.equal(account.balance.current.value, "0.00");
    await shows(cache, id, "5.00", 2);
    assert.equal((await cache.shown(past, { id, asOf: { version: 1 } })).account.balance.current.value, "0.00");
  });

  test(`${name}: two parts of a page select different fields, and both are shown`, async () => {
    const cache = library(), id = await given(cache);
    await cache.ask(CURRENT, { id });
    await cache.ask(AVAILABLE, { id });
    assert.equal((await cache.shown(CURRENT, { id })).account.balance.current.value, "5.00");
    assert.equal((await cache.shown(AVAILABLE, { id })).account.balance.available.value, "5.00");
  });

  test(`${name}: balance is right after a deposit, without another query`, async () => {
    const cache = library(), id = await given(cache);
    const balance = `query Balance($id: ID!) { balance(accountId: $id) { id current { value } } }`;
    await cache.ask(balance, { id });
    await cache.ask(`mutation Deposit($input: DepositInput!) { deposit(input: $input) {
      account { id version balance { id current { value } } } } }`, pay(id, "2.50"));
    assert.equal((await cache.shown(balance, { id })).balance.current.value, "7.50");
    await shows(cache, id, "7.50", 3);
  });
}

test("Apollo Client with the guide's settings: parts without an id are merged", async () => {
  const cache = apollo({ typePolicies }), id = await given(cache);
  const value = `query Value($id: ID!) { account(id: $id) { id balance { id current { value } } } }`;
  const currency = `query Currency($id: ID!) { account(id: $id) { id balance { id current { currency } } } }`;
  await cache.ask(value, { id });
  await cache.ask(currency, { id });
  assert.equal((await cache.shown(value, { id })).account.balance.current.value, "5.00");
  assert.equal((await cache.shown(currency, { id })).account.balance.current.currency, "EUR");
});

test("the guide's settings name every type without an id", async () => {
  const response = await fetch(process.env.URL + "/graphql", { method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${process.env.TOKEN}` },
    body: JSON.stringify({ query: getIntrospectionQuery() }) });
  const schema = buildClientSchema((await response.json()).data);
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const bare = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !roots.includes(type) &&
    !type.name.startsWith("__") && !type.getFields().id && !/(Payload|Connection|Edge|PageInfo)$/.test(type.name) &&
    !type.getInterfaces().some((i) => isInterfaceType(i) && i.name === "UserError"));
  assert.deepEqual(Object.keys(keys).sort(), bare.map((type) => type.name).sort());
});
