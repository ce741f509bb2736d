package guard_test

import (
	"net/url"
	"strings"

	"corebank/server/guard"
)

const initiate = `{"type":"connection_init","payload":{"authorization":"Bearer TOKEN"}}`

// overHTTP are attacks by the parts of a request other than its document.
func overHTTP() []attack {
	form := "application/x-www-form-urlencoded"
	mutation := jsonOf(map[string]any{"query": "mutation { " + strings.ReplaceAll(pay, "k%d", "csrf") + "}"})
	upload := "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + mutation + "\r\n--x--"
	byGET := "/graphql?query=" + url.QueryEscape("mutation { "+strings.ReplaceAll(pay, "k%d", "get")+"}")
	hundred := "[" + strings.TrimSuffix(strings.Repeat(`{"query":"{ __typename }"},`, 100), ",") + "]"
	absolute := "GET http://evil.example/graphql?query={__typename} HTTP/1.1\r\n" +
		"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
	header := "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	unfinished := header + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	return []attack{
		{name: "a mutation from a page of another origin", send: posting(mutation, "Origin", "https://evil.example"),
			status: 403, code: guard.CodeCrossOrigin},
		{name: "a mutation from a page of another site", send: posting(mutation, "Sec-Fetch-Site", "cross-site"),
			status: 403, code: guard.CodeCrossOrigin},
		{name: "a mutation from a sandboxed frame", send: posting(mutation, "Origin", "null"),
			status: 403, code: guard.CodeCrossOrigin},
		{name: "a mutation as plain text", send: posting(mutation, "Content-Type", "text/plain"), contains: `"errors"`},
		{name: "a mutation as a form", send: posting("query="+url.QueryEscape("{ __typename }"), "Content-Type", form),
			contains: `"errors"`},
		{name: "a mutation as an upload", send: posting(upload, "Content-Type", "multipart/form-data; boundary=x"),
			contains: `"errors"`},
		{name: "a mutation by GET", send: sending("GET", byGET, ""), contains: `"errors"`},
		{name: "100 requests in one array", send: body(hundred), code: guard.CodeBadRequest},
		{name: "a body that is no JSON", send: body(strings.Repeat(mark, 1000)), code: guard.CodeBadRequest},
		{name: "a query that is a number", send: body(`{"query":12345,"` + mark + `":1}`), code: guard.CodeBadRequest},
		{name: "a name that resolves to this machine (DNS rebinding)", at: loopback,
			send: posting(mutation, "Host", "evil.example"), status: 421, code: guard.CodeHost},
		{name: "GraphiQL by a name that resolves to this machine", at: loopback,
			send: sending("GET", "/", "", "Host", "evil.example:8080"), status: 421, code: guard.CodeHost},
		{name: "a name that begins as this machine's", at: loopback,
			send: posting(mutation, "Host", "127.0.0.1.evil.example"), status: 421, code: guard.CodeHost},
		{name: "a host in the request line", at: loopback, send: raw(absolute), status: 421, code: guard.CodeHost},
		{name: "two Host headers", send: raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
			status: 400, contains: "Bad Request"},
		{name: "64 kB of headers", send: raw(header + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"),
			status: 431, contains: "431"},
		{name: "5,000 headers", send: raw(header + strings.Repeat("X-A: b\r\n", 8000) + "\r\n"),
			status: 431, contains: "431"},
		{name: "headers that never end (slowloris)", once: true, send: raw(header + "X-A: b\r\n"), contains: ""},
		{name: "a body that never ends", at: slow, once: true, send: raw(unfinished), status: 408, code: guard.CodeSlowBody},
		{name: "a megabyte without a token, of which nothing arrives",
			send: raw(header + "Content-Length: 1000000\r\n\r\n"), status: 401, code: "UNAUTHENTICATED"},
		{name: "two Authorization headers", send: raw(header + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" +
			"Content-Length: 0\r\n\r\n"), status: 400, code: guard.CodeBadRequest},
		{name: "a mutation from a page over https at a host of http", at: loopback,
			send:   posting(mutation, "Host", "localhost:80", "Origin", "https://localhost:80"),
			status: 403, code: guard.CodeCrossOrigin},
		{name: "two lengths of a body (smuggling)",
			send: raw(header + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), status: 400, contains: "Bad Request"},
		{name: "a path out of the pages", send: sending("GET", "/assets/../../../etc/passwd", ""), contains: ""},
		{name: "debugging pages", send: sending("GET", "/debug/pprof/", ""), status: 404},
		{name: "the method TRACE", send: sending("TRACE", "/graphql", ""), contains: `"errors"`},
		{name: "a resolver that panics", at: broken, send: query(`{ account(id: "ACCOUNT") { id } }`),
			code: "INTERNAL", contains: `"id":"`},
	}
}

// documents are attacks on the documents that a gateway stores or restricts.
func documents() []attack {
	persisted := func(hash string, version any, text string) func(*victim) reply {
		document := map[string]any{"version": version, "sha256Hash": hash}
		request := map[string]any{"extensions": map[string]any{"persistedQuery": document}}
		if text != "" {
			request["query"] = text
		}
		return body(jsonOf(request))
	}
	innocent, other := "{ systemStatus { head } }", "{ systemStatus { lag } }"
	return []attack{
		{name: "introspection in production", at: production, send: query("{ __schema { types { name } } }"),
			code: guard.CodeIntrospection},
		{name: "introspection through a fragment in production", at: production,
			send: query(`{ ...f } fragment f on Query { ... { t: __type(name: "Account") { name } } }`),
			code: guard.CodeIntrospection},
		{name: "a misspelt field in production", at: production, send: query("{ systemStatus { heed } }"),
			code: invalid, contains: `"Cannot query field \"heed\" on type \"SystemStatus\"."`},
		{name: "a misspelt argument in production", at: production, send: query(`{ account(idd: "x") { id } }`),
			code: invalid, contains: `"Unknown argument \"idd\" on field \"Query.account\"."`},
		{name: "a misspelt type in production", at: production, send: query(`{ node(id: "x") { ... on Acount { id } } }`),
			code: invalid, contains: `"Unknown type \"Acount\"."`},
		{name: "a misspelt enum value in production", at: production,
			send: query(`{ accounts(filter: {kind: SAVINGZ}) { nodes { id } } }`),
			code: invalid, contains: `does not exist in \"AccountKind\" enum."`},
		{name: "GraphiQL in production", at: production, send: sending("GET", "/", ""), status: 404},
		{name: "a text under another's hash", send: persisted(hashOf(innocent), 1, other), code: guard.CodeBadHash},
		{name: "what was put under another's hash", send: func(v *victim) reply {
			persisted(hashOf(innocent), 1, other)(v)
			return persisted(hashOf(innocent), 1, "")(v)
		}, code: guard.CodeNotFound},
		{name: "an unknown hash", send: persisted(strings.Repeat("0", 64), 1, ""), code: guard.CodeNotFound},
		{name: "a hash of 100 kB", send: persisted(strings.Repeat(mark, 9000), 1, ""), code: guard.CodeNotFound},
		{name: "a hash that is a number", send: body(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":{"a":5}}}}`),
			code: guard.CodeBadRequest},
		{name: "a persisted query of version 2", send: persisted(hashOf(innocent), 2, ""), code: guard.CodeBadRequest},
		{name: "persisting what is too deep", send: persisted(hashOf(nested(24)), 1, nested(24)),
			code: limit, contains: `"limit":"depth"`},
		{name: "free text where only trusted documents are taken", at: trusted, send: query("{ systemStatus { lag } }"),
			code: guard.CodeNotTrusted},
		{name: "a new document with its hash, where only trusted ones are taken", at: trusted,
			send: persisted(hashOf(other), 1, other), code: guard.CodeNotTrusted},
		{name: "a trusted hash with another text", at: trusted, send: persisted(hashOf(statusQuery), 1, other),
			code: guard.CodeNotTrusted},
		{name: "an unregistered document id", at: trusted,
			send: body(`{"documentId":"sha256:` + strings.Repeat("0", 64) + `"}`), code: guard.CodeNotTrusted},
	}
}

// floods are attacks by number.
func floods() []attack {
	const rated = guard.CodeRateLimited
	return []attack{
		{name: "requests without end from one caller", at: limited, once: true, send: until(rated, query(statusQuery)),
			status: 429, code: rated, contains: `"retryAfter":`},
		{name: "broken requests without end from one caller", at: limited, once: true,
			send: until(rated, query("{ nothing }")), status: 429, code: rated},
		{name: "dear requests without end from one caller", at: limited, once: true,
			send: until(rated, query(`{ accounts(first: 100) { nodes { id } } }`)), status: 429, code: rated},
		{name: "requests without end from one address", at: address, once: true,
			send:   until(rated, sending("GET", "/graphql?query={__typename}", "")),
			status: 429, code: rated, contains: `"retryAfter":`},
		{name: "pages without end from one address", at: address, once: true,
			send: until(rated, sending("GET", "/config.json", "")), status: 429, code: rated},
	}
}

// sockets are attacks by websocket.
func sockets() []attack {
	subscribe := func(text string) string {
		return jsonOf(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": text}})
	}
	asking := func(document string) func(*victim) reply { return socket("", initiate, subscribe(document)) }
	flood := []string{initiate}
	for range 60 {
		flood = append(flood, subscribe(statusQuery))
	}
	const upgrade = "GET /graphql HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	return []attack{
		{name: "a websocket from a page of another origin", send: socket("https://evil.example", initiate), status: 403},
		{name: "a websocket by a name that resolves to this machine", at: loopback, send: raw(upgrade),
			status: 421, code: guard.CodeHost},
		{name: "a message of 100 kB on a websocket", send: asking("{ __typename } #" + strings.Repeat(mark, 9000)),
			contains: "hung up"},
		{name: "a deep document on a websocket", send: asking(nested(24)), code: limit},
		{name: "a dear document on a websocket", send: asking(pageOfPages), code: limit},
		{name: "operations without end on a websocket", at: address, once: true,
			send: until(guard.CodeRateLimited, socket("", flood...)), code: guard.CodeRateLimited},
		{name: "two subscriptions in one operation",
			send: asking("subscription { a: transactions { cursor } b: transactions { cursor } }"), code: invalid},
		{name: "a cursor of one's own making in a subscription",
			send: asking(`subscription { transactions(after: "` + mark + `") { cursor } }`), code: input},
	}
}
