// Each library as one who reads its first page uses it: its cache with default
// settings, unless a test passes others. Each has ask, which sends a document and writes the
// answer into the cache, and shown, which is what the cache has for a query: null if
// something of it is missing.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { parse } from "graphql";
import relay from "relay-runtime";

const url = process.env.URL + "/graphql";
const headers = { authorization: `Bearer ${process.env.TOKEN}` };

export function apollo(settings = {}) {
  const client = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache(settings) });
  return {
    async ask(text, variables) {
      const document = parse(text);
      const { data } = isMutation(document)
        ? await client.mutate({ mutation: document, variables })
        : await client.query({ query: document, variables, fetchPolicy: "network-only" });
      return data;
    },
    shown: async (text, variables) => client.readQuery({ query: parse(text), variables }),
  };
}

export function urql(settings = {}) {
  const client = new Client({ url, fetchOptions: { headers }, preferGetMethod: false,
    exchanges: [cacheExchange(settings), fetchExchange] });
  const answer = async (sent) => {
    const { data, error } = await sent.toPromise();
    if (error) throw error;
    return data;
  };
  return {
    ask: (text, variables) => isMutation(parse(text))
      ? answer(client.mutation(text, variables))
      : answer(client.query(text, variables, { requestPolicy: "network-only" })),
    shown: (text, variables) => answer(client.query(text, variables, { requestPolicy: "cache-only" })),
  };
}

// relayStore takes a document apart as Relay's compiler does: it adds __typename, and the
// id wherever the type has one.
export function relayStore() {
  const environment = new relay.Environment({ store: new relay.Store(new relay.RecordSource()),
    network: relay.Network.create(async ({ text }, variables) => {
      const response = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ query: text, variables }) });
      return response.json();
    }) });
  const descriptor = (text, variables) => relay.createOperationDescriptor(compiled(text), variables);
  return {
    async ask(text, variables) {
      const operation = descriptor(text, variables);
      environment.retain(operation);
      const run = isMutation(parse(text))
        ? environment.executeMutation({ operation })
        : environment.execute({ operation });
      const answer = await new Promise((next, error) => run.subscribe({ next, error }));
      if (answer.errors) throw new Error(answer.errors[0].message);
      return answer.data;
    },
    async shown(text, variables) {
      const { data, isMissingData } = environment.lookup(descriptor(text, variables).fragment);
      return isMissingData ? null : data;
    },
  };
}

const withId = new Set(["account", "balance", "limits", "transaction", "holds", "nodes"]);
const lists = new Set(["holds", "nodes"]);

function compiled(text) {
  const [definition] = parse(text).definitions;
  const variables = definition.variableDefinitions.map(({ variable }) =>
    ({ kind: "LocalArgument", name: variable.name.value, defaultValue: null }));
  const scalar = (name, args) => ({ kind: "ScalarField", alias: null, name, args, storageKey: null });
  let printed = "";
  const take = ({ selections }, parent) => {
    const own = selections.map((field) => field.name.value);
    const all = [...own, ...(parent ? ["__typename"] : []), ...(withId.has(parent) && !own.includes("id") ? ["id"] : [])];
    printed += " {";
    const made = all.map((name, i) => {
      const field = selections[i] ?? { arguments: [] };
      const args = field.arguments.map((a) => ({ kind: "Variable", name: a.name.value, variableName: a.value.name.value }));
      printed += ` ${name}` + (args.length ? `(${args.map((a) => `${a.name}: $${a.variableName}`).join(", ")})` : "");
      if (!field.selectionSet) return scalar(name, args.length ? args : null);
      return { kind: "LinkedField", alias: null, name, args: args.length ? args : null, storageKey: null,
        concreteType: null, plural: lists.has(name), selections: take(field.selectionSet, name) };
    });
    printed += " }";
    return made;
  };
  const fields = take(definition.selectionSet, null);
  const head = text.slice(0, text.indexOf("{", definition.variableDefinitions.at(-1).loc.end));
  const root = isMutation(parse(text)) ? "Mutation" : "Query";
  return { kind: "Request",
    fragment: { kind: "Fragment", name: "It", type: root, metadata: null, argumentDefinitions: variables, abstractKey: null,
      selections: fields },
    operation: { kind: "Operation", name: "It", argumentDefinitions: variables, selections: fields },
    params: { id: null, cacheID: text, metadata: {}, name: "It", operationKind: root.toLowerCase(), text: head + printed } };
}

const isMutation = (document) => document.definitions[0].operation === "mutation";
