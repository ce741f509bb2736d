package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"corebank/internal/bank"
)

// MaxCommands bounds the commands of one actor call.
const MaxCommands = 256

// Command is one request to an account: who asks, under which idempotency
// key, and what.
type Command struct {
	Type   string          `json:"type"`
	Key    string          `json:"key"`
	Caller string          `json:"caller"`
	Data   json.RawMessage `json:"data"`
}

// CommandBatch is what one actor call carries: commands for one account, in
// the order in which they are to be decided.
type CommandBatch struct {
	Commands []Command `json:"commands"`
}

// The names of the commands on the wire.
const (
	commandOpenAccount = "OpenAccount"
	commandDeposit     = "Deposit"
	commandWithdraw    = "Withdraw"
)

// EncodeCommand wraps a command for the wire.
func EncodeCommand(caller, key string, c bank.Command) (Command, error) {
	var name string
	switch c.(type) {
	case bank.OpenAccount:
		name = commandOpenAccount
	case bank.Deposit:
		name = commandDeposit
	case bank.Withdraw:
		name = commandWithdraw
	default:
		return Command{}, fmt.Errorf("no wire name for command %T", c)
	}
	data, err := json.Marshal(c)
	if err != nil {
		return Command{}, fmt.Errorf("encode %s: %w", name, err)
	}
	return Command{Type: name, Key: key, Caller: caller, Data: data}, nil
}

// Decode is the domain's form of the command. It fails on a type or a field
// that this build does not know: half an understood command is not obeyed.
func (c Command) Decode() (bank.Command, error) {
	switch c.Type {
	case commandOpenAccount:
		return decodeCommand[bank.OpenAccount](c)
	case commandDeposit:
		return decodeCommand[bank.Deposit](c)
	case commandWithdraw:
		return decodeCommand[bank.Withdraw](c)
	default:
		return nil, fmt.Errorf("unknown command type %q", c.Type)
	}
}

func decodeCommand[T bank.Command](c Command) (bank.Command, error) {
	var command T
	if err := decodeStrictly(c.Data, &command); err != nil {
		return nil, fmt.Errorf("decode command %s: %w", c.Type, err)
	}
	return command, nil
}

// Hash identifies the request: equal for equal requests, whoever retries
// them. It is stored with the event, so that anybody can check which request
// an event answered.
func (c Command) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s:%s", len(c.Type), c.Type, c.Data)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Status says what became of a command.
type Status string

const (
	// Applied: the event is durable.
	Applied Status = "applied"
	// Replayed: the same request was applied before; this is its event.
	Replayed Status = "replayed"
	// Refused: a business rule forbids it; nothing happened.
	Refused Status = "refused"
	// Unavailable: nothing happened and the same request may be sent again.
	Unavailable Status = "unavailable"
	// Unknown: it may or may not have happened; asking again with the same
	// key tells.
	Unknown Status = "unknown"
	// Invalid: the request was malformed beyond what a client can cause; a
	// fault of ours, not retryable.
	Invalid Status = "invalid"
)

// Outcome is the answer to one command.
type Outcome struct {
	Status Status `json:"status"`
	// Record is the stored event, for Applied and Replayed.
	Record *Record `json:"record,omitempty"`
	// Account is the account as of this answer, where it exists.
	Account *bank.Account `json:"account,omitempty"`
	// Refusal is set for Refused.
	Refusal *bank.Refusal `json:"refusal,omitempty"`
	// Reason explains Unavailable, Unknown and Invalid to an operator.
	Reason string `json:"reason,omitempty"`
}

// CommandReply answers a CommandBatch, one outcome per command, in order.
type CommandReply struct {
	Outcomes []Outcome `json:"outcomes"`
}
