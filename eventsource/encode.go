package eventsource

import (
	"encoding/json"
	"strconv"
	"time"

	"corebank/internal/contract"
)

// encodeRecord is the record as json.Marshal writes it. Every event of the bank
// passes here while the next commit waits, so it does without reflection where
// it can: where nothing in the record has to be escaped.
func encodeRecord(r contract.Record) ([]byte, error) {
	if !plain(string(r.Account), r.Type, r.Key, r.Caller, r.RequestHash) || !compact(r.Data) || !ordinary(r.At) {
		return json.Marshal(r)
	}
	text := make([]byte, 0, len(r.Data)+len(r.Key)+len(r.Caller)+len(r.RequestHash)+256)
	number := func(name string, n int64) { text = strconv.AppendInt(append(text, name...), n, 10) }
	quoted := func(name, value string) { text = append(append(append(text, name...), value...), '"') }
	number(`{"position":`, r.Position)
	quoted(`,"account":"`, string(r.Account))
	number(`,"version":`, r.Version)
	quoted(`,"type":"`, r.Type)
	number(`,"schema":`, int64(r.Schema))
	text = r.At.AppendFormat(append(text, `,"at":"`...), time.RFC3339Nano)
	quoted(`","key":"`, r.Key)
	quoted(`,"caller":"`, r.Caller)
	quoted(`,"requestHash":"`, r.RequestHash)
	text = append(append(text, `,"data":`...), r.Data...)
	return append(text, '}'), nil
}

// plain reports whether none of the texts has a character that JSON, as Go
// writes it, escapes.
func plain(texts ...string) bool {
	for _, text := range texts {
		for i := range len(text) {
			if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				return false
			}
		}
	}
	return true
}

// compact reports whether json.Marshal would copy a value as it is, because
// there is no space around its parts and nothing to escape in them. The value is
// sound JSON: it came out of a decoder.
func compact(value []byte) bool {
	within, escaped := false, false // a text
	for _, c := range value {
		switch {
		case c < ' ' || c > '~' || c == '<' || c == '>' || c == '&':
			return false
		case escaped:
			escaped = false
		case within && c == '\\':
			escaped = true
		case c == '"':
			within = !within
		case c == ' ' && !within:
			return false
		}
	}
	return len(value) > 0
}

// ordinary reports whether a time is written alike by RFC3339Nano and by
// json.Marshal, which refuses some.
func ordinary(t time.Time) bool {
	year := t.Year()
	return t.Location() == time.UTC && year >= 0 && year <= 9999
}
