package guard_test

const abuseIntro = `# Abuse

What was tried against the gateway, what it answers, and what that costs. The
table is made by a test that sends each attack to the whole gateway
(` + "`go test ./server/guard -run AbuseIsCheap -v`" + ` shows it as measured), and
checks that this page equals it, except for the last two columns.

## Limits

A request beyond a limit is refused with the code ` + "`REQUEST_LIMIT_EXCEEDED`" + `; its
extensions name the ` + "`limit`" + `, how much it allows (` + "`most`" + `) and what was ` + "`asked`" + `.
Checks run from the cheapest to the dearest: connection, host, rate, origin, token,
size, words, shape, and only then validation against the schema and cost. A body is
read after its token was accepted, and counts from its first byte.

| limit | most | limit in extensions, or code |
|---|---|---|
LIMITS

Every field costs at least one point; a read of the views 5, a read of the log
20, a command 50, a subscription 50, a whole statement 3000, ` + "`__schema`" + ` 10000,
` + "`__type`" + ` 1000, and a page costs its
lines: ` + "`first`" + ` or ` + "`last`" + ` times what one line costs. A request costs at least 10.

## Rates

` + "`--rate`" + ` is in points per second for one caller, ` + "`--rate-per-address`" + ` for one IPv4
address or IPv6 /64; two seconds' worth may come at once. A request that costs more
than that needs all of it, and is paid for afterwards. A caller that asks for more
is answered ` + "`RATE_LIMITED`" + ` with ` + "`retryAfter`" + ` in seconds, over HTTP with the status
429 and ` + "`Retry-After`" + `, as application/json whatever is accepted, so that clients
such as Apollo's RetryLink try it again. The times are spread: callers that are
refused together do not come back together. Anonymous requests count for their
address. Without ` + "`--production`" + ` both are above what one machine can
answer. Behind a proxy all clients have the proxy's address: set
` + "`--rate-per-address 0 --connections-per-address 0`" + ` there, and let the proxy count addresses.

What no operation pays for has bounds of its own:

| what | most | beyond it |
|---|---|---|
| connections in all | 5,000 more than ` + "`--connections`" + `, or what the descriptors allow less 96 | 503 |
| connections of one address (` + "`--connections-per-address`" + `) | 15,000; 2,000 in production | 503 |
| websockets and event streams (` + "`--connections`" + `) | 20,000, or 3/4 of all connections | 503 |
| those of one caller (` + "`--connections-each`" + `) | 10,000 | 1013, or 429 |
| websockets that wait for connection_init | 1/8 of ` + "`--connections`" + `, 1/20 for one address | 503 |
| pings, pongs and ends of nothing on one websocket | 10 a second after 200 | 4429 |
| bytes that a websocket sends | 512 KiB a second after 1 MiB | read more slowly |
| different documents about the schema from one address | 10 a second after 60 | ` + "`RATE_LIMITED`" + ` |
| reads of the issuer's keys | one in 9 seconds | the keys known before |

The schema is public and answered from memory after the first time. Answers from
1,400 bytes are compressed for clients that accept gzip.

## Other origins

Pages of other origins cannot use the API, unless ` + "`--origin https://app.example`" + ` names
theirs: the gateway then answers their preflight requests, and lets them read
answers and open websockets. An origin is scheme, host and port. A proxy that
speaks TLS has to send X-Forwarded-Proto if it also serves this machine's names.

## Production

` + "`corebank server --production`" + ` answers no introspection (` + "`--introspection`" + ` allows
it), suggests no names in errors, serves no GraphiQL and lowers the rates.
` + "`--trusted-documents FILE`" + ` names documents by their SHA-256, as a JSON object of
hash to text; clients send ` + "`extensions.persistedQuery.sha256Hash`" + ` or ` + "`documentId`" + `
in place of the query, and with ` + "`--trusted-only`" + ` nothing else is taken. Other
clients may save bandwidth with automatic persisted queries.

Every answer has the headers Content-Security-Policy, X-Content-Type-Options,
X-Frame-Options, Referrer-Policy, Cross-Origin-Opener-Policy,
Cross-Origin-Resource-Policy, Permissions-Policy and Cache-Control. In production,
or when a proxy says that the client came over TLS (X-Forwarded-Proto), also
Strict-Transport-Security for a year.

A gateway that listens on a loopback address answers to this machine's names
only, so that no page can reach it through a name of its own (DNS rebinding);
` + "`--host`" + ` adds a name, for a proxy in front.

## Beside an attack

What a second client waits for a balance, while attackers send as much as they can:
` + "`go test ./server/guard -run TestAnotherClientGoesOn -v`" + `. Bank, attackers and client were one
process on two cores that had much other work (load average 14 to 18), so the times
are upper bounds; on such a machine they are not all below 100 ms. The memory is that
of the whole process.

| attack | p50 | p99 | heap |
|---|---|---|---|
| none | 0.1 ms | 1 ms | 11 MiB |
| 1,000 connections that stop within a body of 1 MiB | 0.3 ms | 474 ms | 24 MiB |
| the same with a token | 0.3 ms | 28 ms | 39 MiB |
| 64 connections that ask twenty times for the schema | 10 ms | 157 ms | 45 MiB |
| 64 connections that ask for the schema in ever new words | 42 ms | 543 ms | 41 MiB |
| 4 websockets that ping, and connect again when they are closed | 15 ms | 165 ms | 47 MiB |

## What was tried

Time of the processor and memory are those of one attack, the attacker's side
included, on two cores.

| # | attack | answer (gateway) | time | memory |
|---|---|---|---|---|
`

// limitWords describes the limits.
var limitWords = []struct{ field, words, code string }{
	{"Body", "bytes of a body", "bodyBytes, 413"},
	{"AnonymousBody", "bytes of a body without a token", "`UNAUTHENTICATED`, 401"},
	{"Bodies", "bytes of all bodies in memory", "`UNAVAILABLE`, 503"},
	{"BodiesEach", "bytes of those of one caller, or without a token of one address", "`UNAVAILABLE`, 503"},
	{"BodyTime", "time to send it", "`REQUEST_TIMEOUT`, 408"},
	{"Document", "bytes of a document", "documentBytes"},
	{"Tokens", "tokens of a document", "tokens"},
	{"Name", "bytes of a name in a document", "nameBytes"},
	{"Operations", "operations in a document", "operations"},
	{"Depth", "levels of fields, fragments spread", "depth"},
	{"Fields", "fields as written", "fields"},
	{"Repeats", "fields written again beside themselves", "repeats"},
	{"Spread", "fields with fragments spread", "spreadFields"},
	{"RootFields", "root fields of a query", "rootFields"},
	{"MutationFields", "mutations in one operation; postBatch carries 100 commands", "mutationFields"},
	{"Aliases", "aliases", "aliases"},
	{"Directives", "directives", "directives"},
	{"Fragments", "fragments", "fragments"},
	{"Variables", "variables", "variables"},
	{"VariableValues", "values in variables, nested ones included", "variableValues"},
	{"VariableBytes", "bytes of names and texts in variables", "variableBytes"},
	{"VariableDepth", "levels of lists and objects in variables", "variableDepth"},
	{"Cost", "points of cost", "cost"},
	{"Errors", "errors in one answer", "cut off"},
	{"RequestErrors", "errors in one answer that refuses the whole request", "cut off"},
	{"Message", "bytes of one error's message", "cut off"},
	{"QueryTime", "time to answer a query", "`TIMEOUT`"},
	{"MutationTime", "time to answer a mutation", "`UNKNOWN_OUTCOME`"},
	{"WriteTime", "time for a client to take its answer, after that", "the connection ends"},
}
