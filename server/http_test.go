package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"corebank/server"
)

// exchange is a request over HTTP and the answer that it has to get.
type exchange struct {
	method, path  string // POST /graphql unless they say otherwise
	header        map[string]string
	body          string
	status        int
	media, allow  string // of the answer
	says, saysNot string // in its body
}

func (e exchange) run(t *testing.T, gateway string) {
	t.Helper()
	if e.method == "" {
		e.method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(t.Context(), e.method, gateway+"/graphql"+e.path, strings.NewReader(e.body))
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
	if response.StatusCode != e.status || response.Header.Get("Allow") != e.allow || !strings.HasPrefix(response.Header.Get("Content-Type"), e.media) ||
		!strings.Contains(string(text), e.says) || e.saysNot != "" && strings.Contains(string(text), e.saysNot) {
		t.Errorf("got %s, %v: %s\nwant %d, %s, Allow %q, with %q and without %q", response.Status, response.Header, text, e.status, e.media, e.allow, e.says, e.saysNot)
	}
	if vary := strings.Join(response.Header.Values("Vary"), ","); !strings.Contains(vary, "Accept") {
		t.Errorf("Vary is %q; the answer depends on Accept", vary)
	}
	if e.status != http.StatusNoContent && strings.Contains(e.media, "json") && !json.Valid(text) {
		t.Errorf("the answer is not JSON: %s", text)
	}
}

func accepting(media string) map[string]string { return map[string]string{"Accept": media} }

const (
	askName      = `{"query":"{ __typename }"}`
	named        = `{"data":{"__typename":"Query"}}`
	subscribeAll = `{"query":"subscription { transactions { cursor } }"}`
)

func TestMediaTypesAreNegotiated(t *testing.T) {
	gateway := counter(t).URL
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
		"*/*;q=0.1": jsonMedia,
		"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8":                                                jsonMedia,
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": graphqlMedia,
		"rubbish, application/json":                     jsonMedia,
		"application/json;q=7, application/json;q=0.5":  jsonMedia,
		"text/event-stream;q=0.1, application/json;q=1": jsonMedia,
	} {
		t.Run(accept, func(t *testing.T) {
			exchange{header: accepting(accept), body: askName, status: 200, media: media + "; charset=utf-8", says: named}.run(t, gateway)
		})
	}
	for _, accept := range []string{"text/html", "application/xml", "application/json;q=0", "application/json;charset=utf-16", "*/*;q=0", "rubbish", "application/json;q=x", "application/json;q=NaN"} {
		t.Run(accept, func(t *testing.T) {
			exchange{header: accepting(accept), body: askName, status: 406, media: jsonMedia, says: "Accept one of application/graphql-response+json"}.run(t, gateway)
		})
	}
}

// TestRequestsThatAreNone: each is refused with a status that fits, in words
// that help, without data and without an echo of what was sent.
func TestRequestsThatAreNone(t *testing.T) {
	gateway := counter(t).URL
	const secret, noData = "SECRET", `"data"`
	for name, test := range map[string]exchange{
		"no JSON":                             {body: `{"query": ` + secret, status: 400, says: "not JSON", saysNot: secret},
		"something after the end":             {body: askName + ` {"password": "` + secret + `"}`, status: 400, says: "text after its end", saysNot: secret},
		"a string":                            {body: `"` + secret + `"`, status: 400, says: "not a JSON object", saysNot: secret},
		"null":                                {body: `null`, status: 400, says: "no query"},
		"nothing":                             {body: ``, status: 400, says: "empty"},
		"spaces":                              {body: " \n", status: 400, says: "empty"},
		"not UTF-8":                           {body: "{\"query\":\"{ __typename } # \xff\"}", status: 400, says: "not UTF-8"},
		"an array of requests":                {body: `[` + askName + `,` + askName + `]`, status: 400, says: "Several requests in one array"},
		"an empty array":                      {body: `[]`, status: 400, says: "Several requests in one array"},
		"no query":                            {body: `{"variables": {"secret": "` + secret + `"}}`, status: 400, says: "no query", saysNot: secret},
		"an empty query":                      {body: `{"query": ""}`, status: 400, says: "no query"},
		"variables that are a list":           {body: `{"query": "{ __typename }", "variables": ["` + secret + `"]}`, status: 400, says: "variables must be a JSON object", saysNot: secret},
		"a query that is a number":            {body: `{"query": 1}`, status: 400, says: "query must be a string"},
		"no Content-Type":                     {header: map[string]string{"Content-Type": ""}, body: askName, status: 415, says: "application/json", saysNot: noData},
		"a form":                              {header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body: "query=%7B__typename%7D", status: 415, says: "application/json"},
		"text, as a page elsewhere sends":     {header: map[string]string{"Content-Type": "text/plain"}, body: askName, status: 415, says: "application/json"},
		"multipart":                           {header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, body: "--x--", status: 415, says: "application/json"},
		"another charset":                     {header: map[string]string{"Content-Type": "application/json; charset=utf-16"}, body: askName, status: 415, says: "UTF-8"},
		"a compressed body":                   {header: map[string]string{"Content-Encoding": "gzip"}, body: askName, status: 415, says: "Content-Encoding"},
		"more than 1 MiB":                     {body: `{"query":"{ __typename } #` + strings.Repeat("x", 1<<20) + `"}`, status: 413, says: "at most 1048576 are allowed", saysNot: "xxx"},
		"PUT":                                 {method: "PUT", body: askName, status: 405, allow: "GET, POST, OPTIONS", says: "GET or a POST"},
		"DELETE":                              {method: "DELETE", status: 405, allow: "GET, POST, OPTIONS"},
		"PATCH":                               {method: "PATCH", status: 405, allow: "GET, POST, OPTIONS"},
		"GET without a query":                 {method: "GET", status: 400, says: "no query"},
		"GET with variables that are no JSON": {method: "GET", path: "?query=%7B__typename%7D&variables=" + secret, status: 400, says: "variables is not a JSON object", saysNot: secret},
		"GET with variables that are a list":  {method: "GET", path: "?query=%7B__typename%7D&variables=[]", status: 400, says: "variables must be a JSON object"},
		"GET with two queries":                {method: "GET", path: "?query=%7B__typename%7D&query=%7B__typename%7D", status: 400, says: "more than once"},
		"GET that is not encoded":             {method: "GET", path: "?query=%7", status: 400, says: "not form-encoded"},
		"a mutation by GET":                   {method: "GET", path: "?query=mutation%7B__typename%7D", status: 405, allow: "POST", says: "by POST"},
		"a subscription by GET":               {method: "GET", path: "?query=subscription%7Btransactions%7Bcursor%7D%7D", status: 400, says: "websocket"},
		"a subscription by POST":              {body: subscribeAll, status: 400, says: "websocket"},
		"@defer":                              {body: `{"query":"{ ... @defer { __typename } }"}`, status: 400, says: "@defer"},
		"@defer in a fragment":                {body: `{"query":"{ ...a } fragment a on Query { ...b @defer } fragment b on Query { __typename }"}`, status: 400, says: "@defer"},
		"@defer by a variable":                {body: `{"query":"query($later: Boolean!) { ... @defer(if: $later) { __typename } }","variables":{"later":true}}`, status: 400, says: "@defer"},
	} {
		for _, media := range []string{jsonMedia, graphqlMedia} {
			t.Run(name+" for "+media, func(t *testing.T) {
				asked := test
				asked.header = map[string]string{"Accept": media}
				for name, value := range test.header {
					asked.header[name] = value
				}
				asked.media = media
				if asked.saysNot == "" {
					asked.saysNot = noData
				}
				asked.run(t, gateway)
			})
		}
	}
}

func TestRequestsThatAreFine(t *testing.T) {
	gateway := counter(t).URL
	for name, test := range map[string]exchange{
		"OPTIONS":                     {method: "OPTIONS", status: 204, allow: "GET, POST, OPTIONS"},
		"GET":                         {method: "GET", path: "?query=%7B__typename%7D", status: 200, says: named},
		"GET with empty members":      {method: "GET", path: "?query=%7B__typename%7D&variables=&operationName=&extensions=", status: 200, says: named},
		"an operation by its name":    {body: `{"query":"query a { __typename } query b { x: __typename }","operationName":"b"}`, status: 200, says: `{"data":{"x":"Query"}}`},
		"@defer that is switched off": {body: `{"query":"query($later: Boolean!) { ... @defer(if: $later) { __typename } }","variables":{"later":false}}`, status: 200, says: named},
		"unknown members":             {body: `{"query":"{ __typename }","else":1}`, status: 200, says: named},
		"a big number":                {body: `{"query":"query($v: Int!) { account(id: \"x\", minVersion: $v) { id } }","variables":{"v":9007199254740993}}`, status: 200, says: "errors"},
		"identity":                    {header: map[string]string{"Content-Encoding": "identity"}, body: askName, status: 200, says: named},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, gateway) })
	}
}

func TestADocumentMayBeNamed(t *testing.T) {
	gateway := counterWith(t, server.Transports{}).URL
	for name, test := range map[string]struct{ body, says string }{
		"by a persisted query": {`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`, "PERSISTED_QUERY_NOT_FOUND"},
		"by a document id":     {`{"documentId":"sha256:x"}`, "no operation provided"},
	} {
		t.Run(name, func(t *testing.T) { // it is a request, even if the document is unknown
			exchange{header: accepting(jsonMedia), body: test.body, status: 200, says: test.says, saysNot: `"data"`}.run(t, gateway)
		})
	}
}
