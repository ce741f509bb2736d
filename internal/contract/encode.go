package contract

import (
	"encoding/json"
	"strconv"
	"time"
)

// What carries many records is encoded without reflection: it is most of what
// the apps say to each other.

// Encode is a value as JSON, by its own means if it has any.
func Encode(value any) ([]byte, error) {
	if own, ok := value.(interface{ Encode() ([]byte, error) }); ok {
		return own.Encode()
	}
	return json.Marshal(value)
}

// Encode is the record as json.Marshal writes it.
func (r Record) Encode() ([]byte, error) { return appendRecord(nil, r) }

// Encode is the answer as json.Marshal writes it.
func (r Records) Encode() ([]byte, error) {
	text, err := appendRecords(append(room(r.Records), `{"records":`...), r.Records)
	if err != nil {
		return nil, err
	}
	text = strconv.AppendInt(append(text, `,"head":`...), r.Head, 10)
	for _, id := range [...]struct{ name, value string }{{`,"log":`, r.Log}, {`,"takeover":`, r.Takeover}} {
		if id.value == "" {
			continue
		}
		value, err := json.Marshal(id.value)
		if err != nil {
			return nil, err
		}
		text = append(append(text, id.name...), value...)
	}
	if r.Partition != 0 {
		text = strconv.AppendInt(append(text, `,"partition":`...), int64(r.Partition), 10)
	}
	if len(r.Traced) > 0 {
		if text, err = appendTraced(append(text, `,"traced":`...), r.Traced); err != nil {
			return nil, err
		}
	}
	return append(text, '}'), nil
}

// Encode is the request as json.Marshal writes it.
func (r AppendRequest) Encode() ([]byte, error) {
	if r.Appends == nil {
		return json.Marshal(r)
	}
	text, err := appendAppends(append(make([]byte, 0, len(r.Appends)*recordRoom), `{"appends":[`...), r.Appends)
	return append(text, `]}`...), err
}

func appendAppends(text []byte, appends []Append) (_ []byte, err error) {
	for i, a := range appends {
		account, err := json.Marshal(a.Account)
		if err != nil {
			return nil, err
		}
		text = append(append(between(text, i), `{"account":`...), account...)
		text = strconv.AppendInt(append(text, `,"expectedVersion":`...), a.ExpectedVersion, 10)
		if a.CheckKeys {
			text = append(text, `,"checkKeys":true`...)
		}
		if a.TurnsBack {
			text = append(text, `,"turnsBack":true`...)
		}
		if text, err = appendRecords(append(text, `,"records":`...), a.Records); err != nil {
			return nil, err
		}
		if len(a.With) > 0 {
			if text, err = appendAppends(append(text, `,"with":[`...), a.With); err != nil {
				return nil, err
			}
			text = append(text, ']')
		}
		if len(a.Traced) > 0 {
			if text, err = appendTraced(append(text, `,"traced":`...), a.Traced); err != nil {
				return nil, err
			}
		}
		text = append(text, '}')
	}
	return text, nil
}

// appendTraced writes what is traced.
func appendTraced(text []byte, traced []Traced) ([]byte, error) {
	text = append(text, '[')
	for i, r := range traced {
		trace, err := json.Marshal(r.Trace)
		if err != nil {
			return nil, err
		}
		text = strconv.AppendInt(append(between(text, i), `{"first":`...), r.First, 10)
		text = strconv.AppendInt(append(text, `,"last":`...), r.Last, 10)
		text = append(append(append(text, `,"trace":`...), trace...), '}')
	}
	return append(text, ']'), nil
}

// recordRoom is more than most records take.
const recordRoom = 768

func room(records []Record) []byte { return make([]byte, 0, 128+len(records)*recordRoom) }

func appendRecords(text []byte, records []Record) (_ []byte, err error) {
	if records == nil {
		return append(text, "null"...), nil
	}
	text = append(text, '[')
	for i, r := range records {
		if i > 0 {
			text = append(text, ',')
		}
		if text, err = appendRecord(text, r); err != nil {
			return nil, err
		}
	}
	return append(text, ']'), nil
}

func appendRecord(text []byte, r Record) ([]byte, error) {
	if r.After != nil || !compact(r.Data) || !ordinary(r.At) ||
		!unescaped(string(r.Account), r.Type, r.Key, r.Caller, r.RequestHash, r.Role) {
		encoded, err := json.Marshal(r)
		return append(text, encoded...), err
	}
	if text == nil {
		text = make([]byte, 0, len(r.Data)+len(r.Key)+len(r.Caller)+len(r.RequestHash)+256)
	}
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
	if r.Role != "" {
		quoted(`,"role":"`, r.Role)
	}
	if r.More != 0 {
		number(`,"more":`, int64(r.More))
	}
	text = append(append(text, `,"data":`...), r.Data...)
	return append(text, '}'), nil
}

// unescaped reports whether none of the texts has a character that JSON, as Go
// writes it, escapes.
func unescaped(texts ...string) bool {
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
// valid JSON: it came out of a decoder.
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
