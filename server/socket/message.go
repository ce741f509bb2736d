package socket

import (
	"context"
	"encoding/json"

	fastjson "github.com/go-json-experiment/json"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/request"
)

// message is a message of either subprotocol.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// readMessage parses a message; ok is false if the text is not exactly one. It
// refuses half a surrogate pair: two ids must not become one.
func readMessage(text []byte) (m message, ok bool) {
	return m, fastjson.Unmarshal(text, &m, fastjson.MatchCaseInsensitiveNames(true)) == nil && m.Type != ""
}

// hasPayload reports whether the message has a payload.
func (m message) hasPayload() bool { return len(m.Payload) > 0 && string(m.Payload) != "null" }

// object is the payload as an object; nil if there is none.
func (m message) object() (object map[string]any, ok bool) {
	if !m.hasPayload() {
		return nil, true
	}
	return object, json.Unmarshal(m.Payload, &object) == nil
}

// errorsOf is the payload of an error message, whose errors have the id of the
// request.
func errorsOf(ctx context.Context, errs gqlerror.List) json.RawMessage {
	text, err := json.Marshal(request.Name(ctx, errs))
	if err != nil { // only an extension of a resolver can cause that
		return mustJSON(request.Unwritable(ctx))
	}
	return text
}
