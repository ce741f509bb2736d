package request

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

// plainly reads a request with encoding/json alone, without the fast path.
func plainly(text []byte) (*graphql.RawParams, error) {
	if err := checkJSON(text); err != nil {
		return nil, err
	}
	var in members
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	var query string
	if !absent(in.Query) && json.Unmarshal(in.Query, &query) != nil {
		return nil, malformed("not a string")
	}
	params, err := in.params()
	if err == nil {
		params.Query = query
	}
	return params, err
}

// FuzzFromJSON compares the fast path with encoding/json: both read the same.
func FuzzFromJSON(f *testing.F) {
	for _, text := range []string{
		`{"query":"{ a }","variables":{"n":12345678901234567890,"s":"\u00e4"},"operationName":"x"}`,
		`{"QUERY":"{ a }","query":"{ b }","query":null}`, `{"query":"\ud800"}`, `{"query":"\ud83d\ude00"}`, `{"query":7}`,
		`{"query":"{ a }","variables":[]}`, `{"query":"{ a }"} {}`, `[{"query":"{ a }"}]`,
		`[]`, `null`, `7`, ``, ` `, "\ufeff{}", "{\"query\":\"\xff\"}",
		`{"query":"{ a }","extensions":{"persistedQuery":{"version":1}},"documentId":"d"}`,
		`{"documentId":"d"}`, `{"query":"{ a }","x":{"y":[1,2]}}`,
		`{"variables":{"a":1},"variables":{"b":2},"query":"{ a }"}`, `{"query":"{ a }","variables":{"a":1,"a":2}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, wantErr := plainly(text)
		got, err := FromJSON(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, want %v", text, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is %+v, want %+v", text, got, want)
		}
	})
}
