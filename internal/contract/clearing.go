package contract

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"

	"corebank/internal/bank"
)

// ClearingActors is how many actors take what concerns several accounts. Few, so
// that commands which arrive together share a turn; several, so that they spread
// over the hosts and a slow turn holds up only its share.
const ClearingActors = 8

// ClearingActor is the actor that takes a command for an account and others. The
// same command always meets itself there.
func ClearingActor(id bank.AccountID) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return strconv.Itoa(1 + int(h.Sum32()%ClearingActors))
}

// mostEvents is how many events a command may become: more than one if several
// accounts may decide on it.
func mostEvents(c bank.Command) int {
	switch c := c.(type) {
	case bank.SendTransfer, bank.Reverse: // which does not say how many legs it undoes
		return 2
	case bank.PostTransaction:
		return max(len(c.Legs), bank.MinLegs)
	}
	return 1
}

// Together reports whether several accounts may decide on the command, so that a
// clearing actor takes it.
func (c Command) Together() bool { return c.Most > 1 }

// Alone is the account of all commands, unless several accounts may decide on one
// of them: then, or if there are several, ok is false.
func (b ClearingBatch) Alone() (id bank.AccountID, ok bool) {
	for i, c := range b.Batch.Commands {
		if c.Together() || b.Accounts[i] != b.Accounts[0] {
			return "", false
		}
	}
	return b.Accounts[0], true
}

// ClearingBatch is what a call to a clearing actor carries: commands in the order
// in which they are decided, and the account of each. In an atomic batch all are
// applied or none, whatever their accounts.
type ClearingBatch struct {
	Accounts []bank.AccountID `json:"accounts"`
	Batch    CommandBatch     `json:"batch"`
}

// Check is nil for a batch of at most MaxCommands commands with an account each.
func (b ClearingBatch) Check() error {
	if n := len(b.Batch.Commands); n == 0 || n > MaxCommands || n != len(b.Accounts) {
		return fmt.Errorf("%d commands and %d accounts: want 1 to %d commands with an account each",
			n, len(b.Accounts), MaxCommands)
	}
	for _, id := range b.Accounts {
		if !id.Valid() {
			return fmt.Errorf("%q is not an account id", id)
		}
	}
	return nil
}

// Encode is the batch as json.Marshal writes it.
func (b ClearingBatch) Encode() ([]byte, error) {
	accounts, err := json.Marshal(b.Accounts)
	if err != nil {
		return nil, err
	}
	batch, err := b.Batch.Encode()
	if err != nil {
		return nil, err
	}
	text := append(make([]byte, 0, len(accounts)+len(batch)+32), `{"accounts":`...)
	text = append(append(append(text, accounts...), `,"batch":`...), batch...)
	return append(text, '}'), nil
}
