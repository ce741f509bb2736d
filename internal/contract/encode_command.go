package contract

import (
	"encoding/json"
	"strconv"
)

// Encode is the batch as json.Marshal writes it. Its data is taken as it is.
func (b CommandBatch) Encode() ([]byte, error) {
	wire, size := b.onWire(), 64
	for _, c := range b.Commands {
		if !unescaped(c.Type, c.Key, c.Caller) || !compact(c.Data) {
			return json.Marshal(wire)
		}
		size += len(c.Type) + len(c.Key) + len(c.Caller) + len(c.Data) + 64
	}
	for _, token := range wire.Tokens {
		if !unescaped(token) {
			return json.Marshal(wire)
		}
		size += len(token) + 4
	}
	for _, origin := range wire.Origins {
		if !unescaped(origin.Trace, origin.Request) {
			return json.Marshal(wire)
		}
		size += len(origin.Trace) + len(origin.Request) + 32
	}
	if b.Commands == nil {
		return json.Marshal(wire)
	}
	text := append(make([]byte, 0, size), `{"commands":[`...)
	for i, c := range b.Commands {
		text = append(append(append(between(text, i), `{"type":"`...), c.Type...), `","key":"`...)
		text = append(append(append(text, c.Key...), `","caller":"`...), c.Caller...)
		text = append(append(append(text, `","data":`...), c.Data...), '}')
	}
	text = append(text, ']')
	if b.Atomic {
		text = append(text, `,"atomic":true`...)
	}
	if b.DryRun {
		text = append(text, `,"dryRun":true`...)
	}
	if len(wire.Tokens) > 0 {
		text = appendTokens(text, wire)
	}
	if len(wire.Origins) > 0 {
		text = appendOrigins(text, wire)
	}
	return append(text, '}'), nil
}

func appendTokens(text []byte, wire batchOnWire) []byte {
	text = append(text, `,"tokens":[`...)
	for i, token := range wire.Tokens {
		text = append(append(append(between(text, i), '"'), token...), '"')
	}
	return appendNumbers(append(text, `],"tokenOf":[`...), wire.TokenOf)
}

func appendOrigins(text []byte, wire batchOnWire) []byte {
	text = append(text, `,"origins":[`...)
	for i, origin := range wire.Origins {
		text = append(between(text, i), '{')
		if origin.Trace != "" {
			text = append(append(append(text, `"trace":"`...), origin.Trace...), '"')
		}
		if origin.Trace != "" && origin.Request != "" {
			text = append(text, ',')
		}
		if origin.Request != "" {
			text = append(append(append(text, `"request":"`...), origin.Request...), '"')
		}
		text = append(text, '}')
	}
	return appendNumbers(append(text, `],"originOf":[`...), wire.OriginOf)
}

func appendNumbers(text []byte, numbers []int) []byte {
	for i, number := range numbers {
		text = strconv.AppendInt(between(text, i), int64(number), 10)
	}
	return append(text, ']')
}

// between adds the comma before all elements but the first.
func between(text []byte, i int) []byte {
	if i > 0 {
		return append(text, ',')
	}
	return text
}

// Encode is the reply as json.Marshal writes it.
func (r CommandReply) Encode() ([]byte, error) {
	if r.Outcomes == nil {
		return json.Marshal(r)
	}
	text := append(make([]byte, 0, 64+len(r.Outcomes)*2*recordRoom), `{"outcomes":[`...)
	var err error
	for i, o := range r.Outcomes {
		if text, err = appendOutcome(between(text, i), o); err != nil {
			return nil, err
		}
	}
	return append(text, `]}`...), nil
}

// appendOutcome writes what most outcomes are, a record and an account, and
// leaves all others to json.Marshal.
func appendOutcome(text []byte, o Outcome) (_ []byte, err error) {
	if !unescaped(string(o.Status)) || o.Record == nil || o.Account == nil ||
		o.Return != nil || len(o.Also) > 0 || o.Refusal != nil || len(o.Others) > 0 || o.Reason != "" {
		encoded, err := json.Marshal(o)
		return append(text, encoded...), err
	}
	text = append(append(append(text, `{"status":"`...), o.Status...), `","record":`...)
	if text, err = appendRecord(text, *o.Record); err != nil {
		return nil, err
	}
	account, err := json.Marshal(o.Account)
	if err != nil {
		return nil, err
	}
	return append(append(append(text, `,"account":`...), account...), '}'), nil
}
