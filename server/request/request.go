package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	fastjson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Malformed is why a request is not a GraphQL request. Its text is for the
// client.
type Malformed struct{ message string }

// Error is the message for the client.
func (m *Malformed) Error() string { return m.message }

func malformed(format string, args ...any) error { return &Malformed{fmt.Sprintf(format, args...)} }

// DocumentID is the key of the parameters' extensions under which the member
// documentId of a request is passed on: it names a document instead of sending
// it.
const DocumentID = "documentId"

// members are the members of a request; each may be missing.
type members struct {
	Query         json.RawMessage `json:"query"`
	OperationName json.RawMessage `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
	DocumentID    json.RawMessage `json:"documentId"`
}

// FromJSON reads a JSON object. It fails with a Malformed.
func FromJSON(text []byte) (*graphql.RawParams, error) {
	var in members
	if decode(text, &in) != nil {
		if err := checkJSON(text); err != nil {
			return nil, err
		}
		return nil, malformed("The request is not a JSON object such as {\"query\": \"{ __typename }\"}.")
	}
	return in.params()
}

// decode loses nothing of what was sent: it refuses half a surrogate pair, for
// which encoding/json puts another character, and a name that comes twice, of
// which that takes the last. It takes one pass instead of four.
func decode(text []byte, into any) error {
	return fastjson.Unmarshal(text, into, fastjson.MatchCaseInsensitiveNames(true))
}

// checkJSON returns why a text is not a JSON object, or cannot be read without a loss.
func checkJSON(text []byte) error {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return malformed("The request is empty; send a JSON object such as {\"query\": \"{ __typename }\"}.")
	case !utf8.Valid(text):
		return malformed("The request is not UTF-8.")
	case trimmed[0] == '[':
		return malformed("Several requests in one array are not supported; " +
			"send one at a time, or several fields in one operation.")
	case !json.Valid(text):
		return malformed("The request is not JSON, or has text after its end; " +
			"send one JSON object such as {\"query\": \"{ __typename }\"}.")
	}
	return checkLosses("request", text)
}

// checkLosses returns why valid JSON cannot be read without a loss.
func checkLosses(what string, text []byte) error {
	switch value := jsontext.Value(text); {
	case !value.IsValid(jsontext.AllowDuplicateNames(true)):
		return malformed("The %s has half of a surrogate pair (\\ud800 to \\udfff); send whole characters.", what)
	case !value.IsValid():
		return malformed("The %s has a name twice in the same object; send each once.", what)
	}
	return nil
}

// FromURL reads the parameters of a URL's query. It fails with a Malformed.
func FromURL(query string) (*graphql.RawParams, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, malformed("The URL's query is not form-encoded.")
	}
	var in members
	for name, to := range map[string]*json.RawMessage{"query": &in.Query, "operationName": &in.OperationName,
		DocumentID: &in.DocumentID, "variables": &in.Variables, "extensions": &in.Extensions} {
		if len(values[name]) > 1 {
			return nil, malformed("The parameter %s is present more than once.", name)
		}
		if !values.Has(name) {
			continue
		}
		if name != "variables" && name != "extensions" {
			quoted, err := json.Marshal(values.Get(name))
			if err != nil || !utf8.ValidString(values.Get(name)) {
				return nil, malformed("The parameter %s is not UTF-8.", name)
			}
			*to = quoted
			continue
		}
		if text := values.Get(name); text != "" {
			switch {
			case !utf8.ValidString(text):
				return nil, malformed("The parameter %s is not UTF-8.", name)
			case !json.Valid([]byte(text)):
				return nil, malformed("The parameter %s is not a JSON object.", name)
			}
			if err := checkLosses("parameter "+name, []byte(text)); err != nil {
				return nil, err
			}
			*to = json.RawMessage(text)
		}
	}
	return in.params()
}

func (in members) params() (*graphql.RawParams, error) {
	params := &graphql.RawParams{}
	var document string
	if err := errors.Join(readString("query", in.Query, &params.Query),
		readString("operationName", in.OperationName, &params.OperationName),
		readString(DocumentID, in.DocumentID, &document), readObject("variables", in.Variables, &params.Variables),
		readObject("extensions", in.Extensions, &params.Extensions)); err != nil {
		return nil, &Malformed{err.Error()}
	}
	if document != "" {
		if params.Extensions == nil {
			params.Extensions = make(map[string]any)
		}
		params.Extensions[DocumentID] = document
	}
	if _, named := params.Extensions["persistedQuery"]; params.Query == "" && document == "" && !named {
		return nil, malformed("The request has no query; send a JSON object such as {\"query\": \"{ __typename }\"}.")
	}
	return params, nil
}

func absent(text json.RawMessage) bool { return len(text) == 0 || string(text) == "null" }

func readString(name string, text json.RawMessage, to *string) error {
	if !absent(text) && decode(text, to) != nil {
		return malformed("The member %s must be a string.", name)
	}
	return nil
}

// readObject keeps numbers as written: a float would lose digits.
func readObject(name string, text json.RawMessage, to *map[string]any) error {
	if absent(text) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(to); err != nil && !errors.Is(err, io.EOF) {
		return malformed("The member %s must be a JSON object.", name)
	}
	return nil
}
