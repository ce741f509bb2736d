package server_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"corebank/server"
)

// exchange is a request over HTTP and the response that it has to get.
type exchange struct {
	// The request: POST /graphql by default; path is appended to /graphql.
	method, path string
	header       map[string]string
	body         string

	// The response: media is what its Content-Type begins with, and contains and
	// omits are texts that its body has and has not.
	status          int
	media, allow    string
	contains, omits string
}

// run sends the request to a gateway and checks the response.
func (e exchange) run(t *testing.T, gateway string) {
	t.Helper()
	response, text := e.send(t, gateway)
	wrong := false
	expect := func(ok bool, format string, arguments ...any) {
		t.Helper()
		if !ok {
			t.Errorf(format, arguments...)
			wrong = true
		}
	}

	media, allow := response.Header.Get("Content-Type"), response.Header.Get("Allow")
	expect(response.StatusCode == e.status, "status %s, want %d", response.Status, e.status)
	expect(strings.HasPrefix(media, e.media), "Content-Type %q, want %q", media, e.media)
	expect(allow == e.allow, "Allow %q, want %q", allow, e.allow)
	expect(strings.Contains(text, e.contains), "the body lacks %q", e.contains)
	expect(e.omits == "" || !strings.Contains(text, e.omits), "the body contains %q", e.omits)
	vary := strings.Join(response.Header.Values("Vary"), ",")
	expect(strings.Contains(vary, "Accept"), "Vary is %q; the answer depends on Accept", vary)
	if e.status != http.StatusNoContent && strings.Contains(e.media, "json") {
		expect(json.Valid([]byte(text)), "the body is not JSON")
	}
	if wrong {
		t.Logf("the response was %v\n%s", response.Header, text)
	}
}

// send sends the request and returns the response and its body.
func (e exchange) send(t *testing.T, gateway string) (*http.Response, string) {
	t.Helper()
	if e.method == "" {
		e.method = http.MethodPost
	}
	address := gateway + "/graphql" + e.path
	request, err := http.NewRequestWithContext(t.Context(), e.method, address, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	if e.method == http.MethodPost {
		request.Header.Set("Content-Type", jsonMedia)
	}
	for name, value := range e.header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func accepting(media string) map[string]string { return map[string]string{"Accept": media} }

// accepting is the exchange with an Accept header; other headers stay.
func (e exchange) accepting(media string) exchange {
	header := accepting(media)
	maps.Copy(header, e.header)
	e.header = header
	return e
}

// encoded is the header of a request whose body has a Content-Encoding.
func encoded(as string) map[string]string { return map[string]string{"Content-Encoding": as} }

// typed is the header of a request whose body is of a media type.
func typed(media string) map[string]string { return map[string]string{"Content-Type": media} }

const (
	askName      = `{"query":"{ __typename }"}`
	named        = `{"data":{"__typename":"Query"}}`
	subscribeAll = `{"query":"subscription { transactions { cursor } }"}`

	nameByGET       = "?query=%7B__typename%7D"
	allMethods      = "GET, POST, OPTIONS"
	twoOperations   = `query a { __typename } query b { x: __typename }`
	bigNumber       = `query($v: Int!) { account(id: \"x\", minVersion: $v) { id } }`
	deferInFragment = `{ ...a } fragment a on Query { ...b @defer } fragment b on Query { __typename }`
	deferByVariable = `query($later: Boolean!) { ... @defer(if: $later) { __typename } }`
)

func TestMediaTypesAreNegotiated(t *testing.T) {
	gateway := counter(t).URL
	const (
		browser = "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"
		library = "application/graphql-response+json, application/graphql+json, application/json, " +
			"text/event-stream, multipart/mixed"
	)
	for accept, media := range map[string]string{
		"application/json":                                                jsonMedia,
		"application/graphql-response+json":                               graphqlMedia,
		"application/graphql-response+json, application/json;q=0.9":       graphqlMedia,
		"application/graphql-response+json;q=0.5, application/json;q=0.9": jsonMedia,
		"application/graphql-response+json;q=0, application/json":         jsonMedia,
		"application/json;q=0, */*":                                       graphqlMedia,
		"application/graphql-response+json, application/json":             graphqlMedia,
		"application/json, application/graphql-response+json":             jsonMedia,
		"APPLICATION/JSON":                                                jsonMedia,
		"application/json; charset=utf-8":                                 jsonMedia,
		"application/*":                                                   jsonMedia,
		"application/*;q=0.1, application/graphql-response+json;q=0.2":    graphqlMedia,
		"*/*;q=0.1":                 jsonMedia,
		browser:                     jsonMedia,
		library:                     graphqlMedia,
		"rubbish, application/json": jsonMedia,
		"application/json;q=7, application/json;q=0.5":  jsonMedia,
		"text/event-stream;q=0.1, application/json;q=1": jsonMedia,
	} {
		t.Run(accept, func(t *testing.T) {
			exchange{header: accepting(accept), body: askName,
				status: 200, media: media + "; charset=utf-8", contains: named}.run(t, gateway)
		})
	}
	for _, accept := range []string{"text/html", "application/xml", "application/json;q=0",
		"application/json;charset=utf-16", "*/*;q=0", "rubbish", "application/json;q=x", "application/json;q=NaN"} {
		t.Run(accept, func(t *testing.T) {
			exchange{header: accepting(accept), body: askName, status: 406, media: jsonMedia,
				contains: "Accept one of application/graphql-response+json"}.run(t, gateway)
		})
	}
}

// TestRequestsThatAreNone: each is refused with a fitting status and a helpful
// message, without data and without an echo of what was sent.
func TestRequestsThatAreNone(t *testing.T) {
	gateway := counter(t).URL
	const secret, noData = "SECRET", `"data"`
	for name, test := range map[string]exchange{
		"no JSON": {body: `{"query": ` + secret,
			status: 400, contains: "not JSON", omits: secret},
		"something after the end": {body: askName + ` {"password": "` + secret + `"}`,
			status: 400, contains: "text after its end", omits: secret},
		"a string": {body: `"` + secret + `"`,
			status: 400, contains: "not a JSON object", omits: secret},
		"null":    {body: `null`, status: 400, contains: "no query"},
		"nothing": {body: ``, status: 400, contains: "empty"},
		"spaces":  {body: " \n", status: 400, contains: "empty"},
		"not UTF-8": {body: "{\"query\":\"{ __typename } # \xff\"}",
			status: 400, contains: "not UTF-8"},
		"an array of requests": {body: `[` + askName + `,` + askName + `]`,
			status: 400, contains: "Several requests in one array"},
		"an empty array": {body: `[]`, status: 400, contains: "Several requests in one array"},
		"no query": {body: `{"variables": {"secret": "` + secret + `"}}`,
			status: 400, contains: "no query", omits: secret},
		"an empty query": {body: `{"query": ""}`, status: 400, contains: "no query"},
		"variables that are a list": {body: `{"query": "{ __typename }", "variables": ["` + secret + `"]}`,
			status: 400, contains: "variables must be a JSON object", omits: secret},
		"a query that is a number": {body: `{"query": 1}`, status: 400, contains: "query must be a string"},
		"no Content-Type": {header: typed(""), body: askName,
			status: 415, contains: "application/json", omits: noData},
		"a form": {header: typed("application/x-www-form-urlencoded"),
			body: "query=%7B__typename%7D", status: 415, contains: "application/json"},
		"text, as a page elsewhere sends": {header: typed("text/plain"), body: askName,
			status: 415, contains: "application/json"},
		"multipart": {header: typed("multipart/form-data; boundary=x"), body: "--x--",
			status: 415, contains: "application/json"},
		"another charset": {header: typed("application/json; charset=utf-16"), body: askName,
			status: 415, contains: "UTF-8"},
		"a compressed body": {header: encoded("gzip"), body: askName,
			status: 415, contains: "Content-Encoding"},
		"more than 1 MiB": {body: `{"query":"{ __typename } #` + strings.Repeat("x", 1<<20) + `"}`,
			status: 413, contains: "at most 1048576 are allowed", omits: "xxx"},
		"PUT": {method: "PUT", body: askName,
			status: 405, allow: allMethods, contains: "GET or a POST"},
		"DELETE":              {method: "DELETE", status: 405, allow: allMethods},
		"PATCH":               {method: "PATCH", status: 405, allow: allMethods},
		"GET without a query": {method: "GET", status: 400, contains: "no query"},
		"GET with variables that are no JSON": {method: "GET", path: nameByGET + "&variables=" + secret,
			status: 400, contains: "variables is not a JSON object", omits: secret},
		"GET with variables that are a list": {method: "GET", path: nameByGET + "&variables=[]",
			status: 400, contains: "variables must be a JSON object"},
		"GET with two queries": {method: "GET", path: nameByGET + "&query=%7B__typename%7D",
			status: 400, contains: "more than once"},
		"GET that is not encoded": {method: "GET", path: "?query=%7", status: 400, contains: "not form-encoded"},
		"a mutation by GET": {method: "GET", path: "?query=mutation%7B__typename%7D",
			status: 405, allow: "POST", contains: "by POST"},
		"a subscription by GET": {method: "GET", path: "?query=subscription%7Btransactions%7Bcursor%7D%7D",
			status: 400, contains: "websocket"},
		"a subscription by POST": {body: subscribeAll, status: 400, contains: "websocket"},
		"@defer": {body: `{"query":"{ ... @defer { __typename } }"}`,
			status: 400, contains: "@defer"},
		"@defer in a fragment": {body: `{"query":"` + deferInFragment + `"}`, status: 400, contains: "@defer"},
		"@defer by a variable": {body: `{"query":"` + deferByVariable + `","variables":{"later":true}}`,
			status: 400, contains: "@defer"},
	} {
		for _, media := range []string{jsonMedia, graphqlMedia} {
			t.Run(name+" for "+media, func(t *testing.T) {
				test := test.accepting(media)
				test.media = media
				if test.omits == "" {
					test.omits = noData
				}
				test.run(t, gateway)
			})
		}
	}
}

func TestRequestsThatAreFine(t *testing.T) {
	gateway := counter(t).URL
	for name, test := range map[string]exchange{
		"OPTIONS": {method: "OPTIONS", status: 204, allow: allMethods},
		"GET":     {method: "GET", path: nameByGET, status: 200, contains: named},
		"GET with empty members": {method: "GET", path: nameByGET + "&variables=&operationName=&extensions=",
			status: 200, contains: named},
		"an operation by its name": {body: `{"query":"` + twoOperations + `","operationName":"b"}`,
			status: 200, contains: `{"data":{"x":"Query"}}`},
		"@defer that is switched off": {body: `{"query":"` + deferByVariable + `","variables":{"later":false}}`,
			status: 200, contains: named},
		"unknown members": {body: `{"query":"{ __typename }","else":1}`, status: 200, contains: named},
		"a big number": {body: `{"query":"` + bigNumber + `","variables":{"v":9007199254740993}}`,
			status: 200, contains: "errors"},
		"identity": {header: encoded("identity"), body: askName, status: 200, contains: named},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, gateway) })
	}
}

func TestADocumentMayBeNamed(t *testing.T) {
	gateway := counterWith(t, server.Transports{}).URL
	for name, test := range map[string]struct{ body, contains string }{
		"by a persisted query": {`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`,
			"PERSISTED_QUERY_NOT_FOUND"},
		"by a document id": {`{"documentId":"sha256:x"}`, "no operation provided"},
	} {
		t.Run(name, func(t *testing.T) { // it is a request, even if the document is unknown
			exchange{header: accepting(jsonMedia), body: test.body,
				status: 200, contains: test.contains, omits: `"data"`}.run(t, gateway)
		})
	}
}
