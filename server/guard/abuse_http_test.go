package guard_test

import (
	"net/url"
	"strings"

	"corebank/server/guard"
)

const initiate = `{"type":"connection_init","payload":{"authorization":"Bearer TOKEN"}}`

// doors are attacks by what HTTP carries besides a document.
func doors() []attack {
	form := "application/x-www-form-urlencoded"
	mutation := jsonOf(map[string]any{"query": "mutation { " + strings.ReplaceAll(pay, "k%d", "csrf") + "}"})
	header := "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	return []attack{
		{name: "a mutation from a page of another origin", send: sending("POST", "/graphql", mutation, "Origin", "https://evil.example"), status: 403, code: guard.CodeCrossOrigin},
		{name: "a mutation from a page of another site", send: sending("POST", "/graphql", mutation, "Sec-Fetch-Site", "cross-site"), status: 403, code: guard.CodeCrossOrigin},
		{name: "a mutation from a sandboxed frame", send: sending("POST", "/graphql", mutation, "Origin", "null"), status: 403, code: guard.CodeCrossOrigin},
		{name: "a mutation as plain text", send: sending("POST", "/graphql", mutation, "Content-Type", "text/plain"), says: `"errors"`},
		{name: "a mutation as a form", send: sending("POST", "/graphql", "query="+url.QueryEscape("{ __typename }"), "Content-Type", form), says: `"errors"`},
		{name: "a mutation as an upload", send: sending("POST", "/graphql", "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n"+mutation+"\r\n--x--", "Content-Type", "multipart/form-data; boundary=x"), says: `"errors"`},
		{name: "a mutation by GET", send: sending("GET", "/graphql?query="+url.QueryEscape("mutation { "+strings.ReplaceAll(pay, "k%d", "get")+"}"), ""), says: `"errors"`},
		{name: "100 requests in one array", send: body("[" + strings.TrimSuffix(strings.Repeat(`{"query":"{ __typename }"},`, 100), ",") + "]"), code: guard.CodeBadRequest},
		{name: "a body that is no JSON", send: body(strings.Repeat(mark, 1000)), code: guard.CodeBadRequest},
		{name: "a query that is a number", send: body(`{"query":12345,"` + mark + `":1}`), code: guard.CodeBadRequest},
		{name: "a name that resolves to this machine (DNS rebinding)", at: loopback, send: sending("POST", "/graphql", mutation, "Host", "evil.example"), status: 421, code: guard.CodeHost},
		{name: "GraphiQL by a name that resolves to this machine", at: loopback, send: sending("GET", "/", "", "Host", "evil.example:8080"), status: 421, code: guard.CodeHost},
		{name: "a name that begins as this machine's", at: loopback, send: sending("POST", "/graphql", mutation, "Host", "127.0.0.1.evil.example"), status: 421, code: guard.CodeHost},
		{name: "a host in the request line", at: loopback, send: raw("GET http://evil.example/graphql?query={__typename} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"), status: 421, code: guard.CodeHost},
		{name: "two Host headers", send: raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), status: 400, says: "Bad Request"},
		{name: "64 kB of headers", send: raw(header + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"), status: 431, says: "431"},
		{name: "5,000 headers", send: raw(header + strings.Repeat("X-A: b\r\n", 8000) + "\r\n"), status: 431, says: "431"},
		{name: "headers that never end (slowloris)", once: true, send: raw(header + "X-A: b\r\n"), says: ""},
		{name: "a body that never ends", at: slow, once: true, send: raw(header + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"), status: 408, code: guard.CodeSlowBody},
		{name: "two lengths of a body (smuggling)", send: raw(header + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), status: 400, says: "Bad Request"},
		{name: "a path out of the pages", send: sending("GET", "/assets/../../../etc/passwd", ""), says: ""},
		{name: "debugging pages", send: sending("GET", "/debug/pprof/", ""), status: 404},
		{name: "the method TRACE", send: sending("TRACE", "/graphql", ""), says: `"errors"`},
		{name: "a resolver that panics", at: broken, send: query(`{ account(id: "x") { id } }`), code: "INTERNAL", says: `"id":"`},
	}
}

// documents are attacks by what a gateway keeps or hides of documents.
func documents() []attack {
	persisted := func(hash string, version any, text string) func(*victim) reply {
		request := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": version, "sha256Hash": hash}}}
		if text != "" {
			request["query"] = text
		}
		return body(jsonOf(request))
	}
	innocent, other := "{ systemStatus { head } }", "{ systemStatus { lag } }"
	return []attack{
		{name: "introspection in production", at: production, send: query("{ __schema { types { name } } }"), code: guard.CodeIntrospection},
		{name: "introspection through a fragment in production", at: production, send: query(`{ ...f } fragment f on Query { ... { t: __type(name: "Account") { name } } }`), code: guard.CodeIntrospection},
		{name: "a misspelt field in production", at: production, send: query("{ systemStatus { heed } }"), code: invalid, says: `"Cannot query field \"heed\" on type \"SystemStatus\"."`},
		{name: "a misspelt argument in production", at: production, send: query(`{ account(idd: "x") { id } }`), code: invalid, says: `"Unknown argument \"idd\" on field \"Query.account\"."`},
		{name: "a misspelt type in production", at: production, send: query(`{ node(id: "x") { ... on Acount { id } } }`), code: invalid, says: `"Unknown type \"Acount\"."`},
		{name: "a misspelt enum value in production", at: production, send: query(`{ accounts(filter: {kind: SAVINGZ}) { nodes { id } } }`), code: invalid, says: `does not exist in \"AccountKind\" enum."`},
		{name: "GraphiQL in production", at: production, send: sending("GET", "/", ""), status: 404},
		{name: "a text under another's hash", send: persisted(hashOf(innocent), 1, other), code: guard.CodeBadHash},
		{name: "what was put under another's hash", send: func(v *victim) reply {
			persisted(hashOf(innocent), 1, other)(v)
			return persisted(hashOf(innocent), 1, "")(v)
		}, code: guard.CodeNotFound},
		{name: "an unknown hash", send: persisted(strings.Repeat("0", 64), 1, ""), code: guard.CodeNotFound},
		{name: "a hash of 100 kB", send: persisted(strings.Repeat(mark, 9000), 1, ""), code: guard.CodeNotFound},
		{name: "a hash that is a number", send: body(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":{"a":5}}}}`), code: guard.CodeBadRequest},
		{name: "a persisted query of version 2", send: persisted(hashOf(innocent), 2, ""), code: guard.CodeBadRequest},
		{name: "persisting what is too deep", send: persisted(hashOf(nested(24)), 1, nested(24)), code: limit, says: `"limit":"depth"`},
		{name: "free text where only trusted documents are taken", at: trusted, send: query("{ systemStatus { lag } }"), code: guard.CodeNotTrusted},
		{name: "a new document with its hash, where only trusted ones are taken", at: trusted, send: persisted(hashOf(other), 1, other), code: guard.CodeNotTrusted},
		{name: "a trusted hash with another text", at: trusted, send: persisted(hashOf(statusQuery), 1, other), code: guard.CodeNotTrusted},
		{name: "an unregistered document id", at: trusted, send: body(`{"documentId":"sha256:` + strings.Repeat("0", 64) + `"}`), code: guard.CodeNotTrusted},
	}
}

// floods are attacks by number.
func floods() []attack {
	const rated = guard.CodeRateLimited
	return []attack{
		{name: "requests without end from one caller", at: limited, once: true, send: until(rated, query(statusQuery)), status: 429, code: rated, says: `"retryAfter":`},
		{name: "broken requests without end from one caller", at: limited, once: true, send: until(rated, query("{ nothing }")), status: 429, code: rated},
		{name: "dear requests without end from one caller", at: limited, once: true, send: until(rated, query(`{ accounts(first: 100) { nodes { id } } }`)), status: 429, code: rated},
		{name: "requests without end from one address", at: "one door", once: true, send: until(rated, sending("GET", "/graphql?query={__typename}", "")), status: 429, code: rated, says: `"retryAfter":`},
		{name: "pages without end from one address", at: "one door", once: true, send: until(rated, sending("GET", "/config.json", "")), status: 429, code: rated},
	}
}

// sockets are attacks by websocket.
func sockets() []attack {
	subscribe := func(text string) string {
		return jsonOf(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": text}})
	}
	flood := make([]string, 60)
	for i := range flood {
		flood[i] = subscribe(statusQuery)
	}
	return []attack{
		{name: "a websocket from a page of another origin", send: socket("https://evil.example", initiate), status: 403},
		{name: "a websocket by a name that resolves to this machine", at: loopback, send: raw("GET /graphql HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), status: 421, code: guard.CodeHost},
		{name: "a message of 100 kB on a websocket", send: socket("", initiate, subscribe("{ __typename } #"+strings.Repeat(mark, 9000))), says: "hung up"},
		{name: "a deep document on a websocket", send: socket("", initiate, subscribe(nested(24))), code: limit},
		{name: "a dear document on a websocket", send: socket("", initiate, subscribe(`{ accounts(first: 100) { nodes { history(first: 100) { nodes { `+line+` } } } } }`)), code: limit},
		{name: "operations without end on a websocket", at: "one door", once: true, send: until(guard.CodeRateLimited, socket("", append([]string{initiate}, flood...)...)), code: guard.CodeRateLimited},
		{name: "two subscriptions in one operation", send: socket("", initiate, subscribe("subscription { a: transactions { cursor } b: transactions { cursor } }")), code: invalid},
		{name: "a cursor of one's own making in a subscription", send: socket("", initiate, subscribe(`subscription { transactions(after: "`+mark+`") { cursor } }`)), code: input},
	}
}
