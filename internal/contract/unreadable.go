package contract

import (
	"encoding/json"
	"fmt"
	"strings"

	"corebank/internal/bank"
)

// NoAccount stands for the account of a record that belongs to none.
const NoAccount bank.AccountID = "none"

// unreadable is the type of a record whose stored value cannot be read. It is
// never stored.
const unreadable = "unreadable"

// maxUnreadable bounds the words of why.
const maxUnreadable = 300

// Unreadable is the record of a position in the log where something else is
// stored, for a reason. Its Event fails with the reason, wherever it is sent.
func Unreadable(position int64, id bank.AccountID, version int64, reason error) Record {
	text := strings.ToValidUTF8(reason.Error(), "?")
	if len(text) > maxUnreadable {
		text = strings.ToValidUTF8(text[:maxUnreadable], "")
	}
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can be encoded
	}
	return Record{Position: position, Account: id, Version: version, Type: unreadable, Data: data}
}

// IsUnreadable reports whether the record stands for something that cannot be
// read. Its position may then not be known.
func (r Record) IsUnreadable() bool { return r.Type == unreadable }

// whyUnreadable is the reason that Unreadable was given.
func whyUnreadable(r Record) error {
	var reason string
	if err := json.Unmarshal(r.Data, &reason); err != nil {
		reason = err.Error()
	}
	return fmt.Errorf("what is stored at position %d as version %d of %s is damaged: %s",
		r.Position, r.Version, r.Account, reason)
}
