package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"corebank/server"
)

// audit is one of the graphql-http suite: a request and the response it wants.
type audit struct {
	id, level, name string

	method  string // "" for POST
	accept  string
	content string     // Content-Type; "-" for none
	body    any        // a string is sent as it is, "" is no body
	url     url.Values // of a GET

	status   statuses
	media    string // in the answer's Content-Type
	noErrors bool
	noData   bool
}

// statuses are the HTTP statuses that an audit accepts.
type statuses struct{ min, max int }

var (
	ok          = statuses{200, 200}
	badRequest  = statuses{400, 400}
	clientError = statuses{400, 499}
	anyError    = statuses{400, 599}
	anyStatus   = statuses{100, 599}
)

const (
	jsonMedia    = "application/json"
	graphqlMedia = "application/graphql-response+json"
)

type object = map[string]any

var (
	typename  = object{"query": "{ __typename }"}
	noField   = object{"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}
	badSyntax = object{"query": "{"}
	badValue  = object{"query": "query CoerceFailure($id: ID!){ __typename }", "variables": object{"id": nil}}
	ofType    = object{"query": typeNamed, "variables": object{"name": "sometype"}}
	ofTypeURL = url.Values{"query": {typeNamed}, "variables": {`{"name":"sometype"}`}}
	byName    = object{"query": "query Query { __typename }", "operationName": "Query"}
	extended  = object{"query": "{ __typename }", "extensions": object{"some": "value"}}
)

const (
	noJSON    = `{ "not a JSON`
	typeNamed = "query Type($name: String!) { __type(name: $name) { name } }"
)

// audits are those of graphql-http 1.23.1, by its ids and in its words.
func audits() []audit {
	all := []audit{
		{id: "22EB", level: "SHOULD", name: "accept application/graphql-response+json and match the content-type",
			accept: graphqlMedia, body: typename, status: ok, media: graphqlMedia},
		{id: "4655", level: "MUST", name: "accept application/json and match the content-type",
			accept: jsonMedia, body: typename, status: ok, media: jsonMedia},
		{id: "47DE", level: "SHOULD", name: "accept */* and use application/json for the content-type",
			accept: "*/*", body: typename, status: ok, media: jsonMedia},
		{id: "80D8", level: "SHOULD", name: "assume application/json content-type when accept is missing",
			body: typename, status: ok, media: jsonMedia},
		{id: "82A3", level: "MUST", name: "use utf-8 encoding when responding",
			body: typename, status: ok},
		{id: "BF61", level: "MUST", name: "accept utf-8 encoded request",
			content: "application/json; charset=utf-8",
			body:    object{"query": `{ __type(name: "Run🏃Swim🏊") { name } }`}, status: ok},
		{id: "78D5", level: "MUST", name: "assume utf-8 in request if encoding is unspecified",
			body: typename, status: ok},
		{id: "2C94", level: "MUST", name: "accept POST requests",
			body: typename, status: ok},
		{id: "5A70", level: "MAY", name: "accept application/x-www-form-urlencoded formatted GET requests",
			method: "GET", url: url.Values{"query": {"{ __typename }"}}, status: ok},
		{id: "9C48", level: "MAY", name: "not allow executing mutations on GET requests",
			method: "GET", accept: graphqlMedia, url: url.Values{"query": {"mutation { __typename }"}}, status: clientError},
		{id: "9ABE", level: "SHOULD", name: "respond with 4xx status code if content-type is not supplied on POST requests",
			content: "-", body: typename, status: clientError},
		{id: "03D4", level: "MUST", name: "accept application/json POST requests",
			body: typename, status: ok},
		{id: "A5BF", level: "MAY", name: "use 400 status code when request body is missing on POST",
			body: "", status: badRequest},
		{id: "423L", level: "MAY", name: "use 400 status code on missing {query} parameter",
			accept: graphqlMedia, body: object{"notquery": "{ __typename }"}, status: badRequest},
		{id: "34A2", level: "SHOULD", name: "allow string {query} parameter when accepting " + graphqlMedia,
			accept: graphqlMedia, body: typename, status: ok},
		{id: "13EE", level: "MUST", name: "allow string {query} parameter when accepting " + jsonMedia,
			accept: jsonMedia, body: typename, status: ok, noErrors: true},
		{id: "8161", level: "SHOULD", name: "allow string {operationName} parameter when accepting " + graphqlMedia,
			accept: graphqlMedia, body: byName, status: ok},
		{id: "B8B3", level: "MUST", name: "allow string {operationName} parameter when accepting " + jsonMedia,
			accept: jsonMedia, body: byName, status: ok, noErrors: true},
		{id: "2EA1", level: "SHOULD", name: "allow map {variables} parameter when accepting " + graphqlMedia,
			accept: graphqlMedia, body: ofType, status: ok},
		{id: "28B9", level: "MUST", name: "allow map {variables} parameter when accepting " + jsonMedia,
			accept: jsonMedia, body: ofType, status: ok, noErrors: true},
		{id: "D6D5", level: "MAY",
			name:   "allow URL-encoded JSON string {variables} parameter in GETs when accepting " + graphqlMedia,
			method: "GET", accept: graphqlMedia, url: ofTypeURL, status: ok, noErrors: true},
		{id: "6A70", level: "MAY",
			name:   "allow URL-encoded JSON string {variables} parameter in GETs when accepting " + jsonMedia,
			method: "GET", accept: jsonMedia, url: ofTypeURL, status: ok, noErrors: true},
		{id: "428F", level: "SHOULD", name: "allow map {extensions} parameter when accepting " + graphqlMedia,
			accept: graphqlMedia, body: extended, status: ok},
		{id: "1B7A", level: "MUST", name: "allow map {extensions} parameter when accepting " + jsonMedia,
			accept: jsonMedia, body: extended, status: ok, noErrors: true},
		{id: "B6DC", level: "MAY",
			name:   "use 2xx, 4xx, or 5xx status codes on JSON parsing failure when accepting " + jsonMedia,
			accept: jsonMedia, body: noJSON, status: statuses{200, 599}},
		{id: "BCF8", level: "SHOULD", name: "use 400 status code on JSON parsing failure when accepting " + jsonMedia,
			accept: jsonMedia, body: noJSON, status: badRequest},
		{id: "B7N8", level: "SHOULD", name: "use 400 status code on JSON parsing failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: noJSON, status: badRequest},
		{id: "8764", level: "MAY", name: "use 4xx or 5xx status codes if parameters are invalid",
			body: object{"qeury": "{ __typename }"}, status: anyError},
		{id: "3E3A", level: "MAY", name: "use 400 status code if parameters are invalid",
			body: object{"qeury": "{ __typename }"}, status: badRequest},
		{id: "572B", level: "SHOULD", name: "use 200 status code on document parsing failure when accepting " + jsonMedia,
			accept: jsonMedia, body: badSyntax, status: ok},
		{id: "FDE2", level: "SHOULD", name: "use 200 status code on document validation failure when accepting " + jsonMedia,
			accept: jsonMedia, body: noField, status: ok},
		{id: "7B9B", level: "SHOULD",
			name:   "use a status code of 200 on variable coercion failure when accepting " + jsonMedia,
			accept: jsonMedia, body: badValue, status: ok},
		{id: "865D", level: "SHOULD",
			name:   "use 4xx or 5xx status codes on document parsing failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: badSyntax, status: anyError},
		{id: "556A", level: "SHOULD", name: "use 400 status code on document parsing failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: badSyntax, status: badRequest},
		{id: "D586", level: "SHOULD",
			name:   "not contain the data entry on document parsing failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: badSyntax, status: anyStatus, noData: true},
		{id: "51FE", level: "SHOULD",
			name:   "use 4xx or 5xx status codes on document validation failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: noField, status: anyError},
		{id: "74FF", level: "SHOULD",
			name:   "use 400 status code on document validation failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: noField, status: badRequest},
		{id: "5E5B", level: "SHOULD",
			name:   "not contain the data entry on document validation failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: noField, status: anyStatus, noData: true},
		{id: "86EE", level: "SHOULD",
			name:   "use a status code of 400 on variable coercion failure when accepting " + graphqlMedia,
			accept: graphqlMedia, body: badValue, status: badRequest},
	}
	for i, parameter := range []string{"variables", "operationName", "extensions"} {
		allow := "allow null {" + parameter + "} parameter when accepting "
		body := object{"query": "{ __typename }", parameter: nil}
		all = append(all,
			audit{id: fmt.Sprint("94B", i), level: "SHOULD", name: allow + graphqlMedia,
				accept: graphqlMedia, body: body, status: ok, noErrors: true},
			audit{id: fmt.Sprint("022", i), level: "MUST", name: allow + jsonMedia,
				accept: jsonMedia, body: body, status: ok, noErrors: true})
	}
	for prefix, parameter := range map[string]string{
		"LKJ": "query", "6C0": "operationName", "476": "variables", "58B": "extensions",
	} {
		values := []any{object{"obj": "ect"}, 0, false, []string{"array"}}
		if parameter == "variables" || parameter == "extensions" {
			values[0] = "string"
		}
		for i, value := range values {
			body := maps.Clone(typename)
			body[parameter] = value
			name := fmt.Sprintf("use 400 status code on %T {%s} parameter", value, parameter)
			all = append(all, audit{id: fmt.Sprint(prefix, i), level: "MAY", name: name, body: body, status: badRequest})
		}
	}
	return all
}

// send sends the request of the audit.
func (a audit) send(t *testing.T, address string) *http.Response {
	t.Helper()
	var body io.Reader
	if text, ok := a.body.(string); ok {
		body = strings.NewReader(text)
	} else if a.body != nil {
		text, err := json.Marshal(a.body)
		if err != nil {
			t.Fatal(err)
		}
		body = strings.NewReader(string(text))
	}
	method := a.method
	if method == "" {
		method = http.MethodPost
	}
	if a.url != nil {
		address += "?" + a.url.Encode()
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost && a.content != "-" {
		request.Header.Set("Content-Type", jsonMedia)
		if a.content != "" {
			request.Header.Set("Content-Type", a.content)
		}
	}
	if a.accept != "" {
		request.Header.Set("Accept", a.accept)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// check lists the differences from the response that the audit wants, and then the
// response.
func (a audit) check(t *testing.T, address string) (wrong []string) {
	t.Helper()
	response := a.send(t, address)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode < a.status.min || response.StatusCode > a.status.max {
		wrong = append(wrong, "status "+response.Status)
	}
	if media := response.Header.Get("Content-Type"); !strings.Contains(media, a.media) {
		wrong = append(wrong, "Content-Type "+media)
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(text, &answer); err != nil || !utf8.Valid(text) {
		wrong = append(wrong, "not a JSON object in UTF-8")
	}
	if answer["errors"] != nil && a.noErrors {
		wrong = append(wrong, "errors")
	}
	if _, ok := answer["data"]; ok && a.noData {
		wrong = append(wrong, "data")
	}
	if len(wrong) > 0 {
		wrong = append(wrong, string(text))
	}
	return wrong
}

func TestAllAuditsOfGraphQLOverHTTPPass(t *testing.T) {
	gateway := counter(t)
	all := audits()
	levels, ids := map[string]int{}, map[string]bool{}
	for _, a := range all {
		levels[a.level]++
		ids[a.id] = true
		t.Run(a.id, func(t *testing.T) {
			if wrong := a.check(t, gateway.URL+"/graphql"); wrong != nil {
				t.Errorf("%s %s: got %s", a.level, a.name, strings.Join(wrong, ", "))
			}
		})
	}
	if want := map[string]int{"MUST": 13, "SHOULD": 23, "MAY": 25}; !maps.Equal(levels, want) {
		t.Errorf("the audits by level are %v, want %v", levels, want)
	}
	if len(all) != 61 || len(ids) != len(all) {
		t.Errorf("%d audits with %d ids; the suite has 61", len(all), len(ids))
	}
}

// TestTheNewestDraftIsAnOption: with it, exactly the audits fail with which the
// draft disagrees.
func TestTheNewestDraftIsAnOption(t *testing.T) {
	gateway := counterWith(t, server.Transports{Draft: true})
	var failed []string
	for _, a := range audits() {
		if a.check(t, gateway.URL+"/graphql") != nil {
			failed = append(failed, a.id)
		}
	}
	slices.Sort(failed)
	if want := []string{"572B", "7B9B", "86EE", "FDE2"}; !slices.Equal(failed, want) {
		t.Errorf("the draft fails %v, want %v", failed, want)
	}
	for name, want := range map[string]struct {
		body   object
		status int
	}{
		"syntax":       {badSyntax, 400},
		"validation":   {object{"query": "{ noSuchField }"}, 422},
		"variables":    {badValue, 422},
		"no operation": {object{"query": "{ __typename }", "operationName": "Other"}, 422},
		"partial":      {object{"query": `{ __typename account(id: "acc_x", waitMs: -1) { id } }`}, 294},
		"all is well":  {typename, 200},
		"no request":   {object{"qeury": ""}, 400},
	} {
		for _, media := range []string{jsonMedia, graphqlMedia} {
			response := audit{accept: media, body: want.body}.send(t, gateway.URL+"/graphql")
			response.Body.Close()
			if response.StatusCode != want.status {
				t.Errorf("%s, %s: %s, want %d", name, media, response.Status, want.status)
			}
		}
	}
}
