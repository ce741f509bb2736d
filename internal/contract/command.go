package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"corebank/internal/bank"
)

// MaxCommands bounds the commands of one actor call.
const MaxCommands = 256

// Command is one request to an account: the caller, its idempotency key, and
// what it requests.
type Command struct {
	Type   string          `json:"type"`
	Key    string          `json:"key"`
	Caller string          `json:"caller"`
	Data   json.RawMessage `json:"data"`
	// Token proves who the caller is. It is never stored or logged; a batch
	// carries each token once.
	Token string `json:"-"`
	// Origin is what the command comes of. It is never stored; a batch carries each
	// origin once.
	Origin Origin `json:"-"`
	// Most is about how many events it may become, in all accounts. It says what may
	// share a call, and is not sent.
	Most int `json:"-"`
}

// CommandBatch is what one actor call carries: commands for one account, in
// the order in which they are to be decided.
type CommandBatch struct {
	Commands []Command `json:"commands"`
	// Atomic batches are applied as a whole or not at all: where one command is
	// refused, the others are NotTried.
	Atomic bool `json:"atomic,omitempty"`
	// DryRun batches change nothing; Applied is what would happen then.
	DryRun bool `json:"dryRun,omitempty"`
}

// batchOnWire is a batch with each of its tokens and origins once, and for each
// command the number of its token and its origin, from 1; 0 for none.
type batchOnWire struct {
	Commands []Command `json:"commands"`
	Atomic   bool      `json:"atomic,omitempty"`
	DryRun   bool      `json:"dryRun,omitempty"`
	Tokens   []string  `json:"tokens,omitempty"`
	TokenOf  []int     `json:"tokenOf,omitempty"`
	Origins  []Origin  `json:"origins,omitempty"`
	OriginOf []int     `json:"originOf,omitempty"`
}

// onWire writes the tokens and the origins of the commands beside them.
func (b CommandBatch) onWire() batchOnWire {
	wire := batchOnWire{Commands: b.Commands, Atomic: b.Atomic, DryRun: b.DryRun}
	wire.Tokens, wire.TokenOf = onceEach(b.Commands, func(c *Command) string { return c.Token })
	wire.Origins, wire.OriginOf = onceEach(b.Commands, func(c *Command) Origin { return c.Origin })
	return wire
}

// onceEach are the values of commands, each once, and for each command the number
// of its value, from 1; 0 for an empty one. Both are nil if all are empty.
func onceEach[T comparable](commands []Command, value func(*Command) T) (values []T, of []int) {
	var none T
	var numbers map[T]int // only where there are several
	for i := range commands {
		one := value(&commands[i])
		if one == none {
			continue
		}
		if of == nil {
			of = make([]int, len(commands))
		}
		if n := len(values); n > 0 && values[n-1] == one {
			of[i] = n
			continue
		}
		if numbers == nil && len(values) > 0 {
			numbers = map[T]int{values[0]: 1}
		}
		number, known := numbers[one]
		if !known {
			values = append(values, one)
			number = len(values)
		}
		if of[i] = number; numbers != nil {
			numbers[one] = number
		}
	}
	return values, of
}

// MarshalJSON implements json.Marshaler.
func (b CommandBatch) MarshalJSON() ([]byte, error) { return json.Marshal(b.onWire()) }

// UnmarshalJSON gives the commands their tokens and origins back.
func (b *CommandBatch) UnmarshalJSON(text []byte) error {
	var wire batchOnWire
	if err := Decode(text, &wire); err != nil {
		return err
	}
	if len(wire.TokenOf) > 0 && len(wire.TokenOf) != len(wire.Commands) {
		return fmt.Errorf("%d commands have %d tokens", len(wire.Commands), len(wire.TokenOf))
	}
	for i, number := range wire.TokenOf {
		if number < 0 || number > len(wire.Tokens) {
			return fmt.Errorf("command %d has token %d of %d", i, number, len(wire.Tokens))
		}
		if number > 0 {
			wire.Commands[i].Token = wire.Tokens[number-1]
		}
	}
	for i, number := range wire.OriginOf { // nothing depends on them: what is wrong is left out
		if i < len(wire.Commands) && number > 0 && number <= len(wire.Origins) {
			wire.Commands[i].Origin = wire.Origins[number-1]
		}
	}
	*b = CommandBatch{Commands: wire.Commands, Atomic: wire.Atomic, DryRun: wire.DryRun}
	return nil
}

// EncodeCommand wraps a command for the wire.
func EncodeCommand(caller, key string, c bank.Command) (Command, error) {
	name, known := commandNames[reflect.TypeOf(c)]
	if !known {
		return Command{}, fmt.Errorf("no wire name for command %T", c)
	}
	data, err := json.Marshal(c)
	if err != nil {
		return Command{}, fmt.Errorf("encode %s: %w", name, err)
	}
	return Command{Type: name, Key: key, Caller: caller, Data: data, Most: mostEvents(c)}, nil
}

// Decode is the domain's form of the command. It fails on a type or a field
// that this build does not know: half an understood command is not obeyed.
func (c Command) Decode() (bank.Command, error) {
	kind, known := commandTypes[c.Type]
	if !known {
		return nil, fmt.Errorf("unknown command type %q", c.Type)
	}
	command, err := kind.decode(c.Data)
	if err != nil {
		return nil, fmt.Errorf("decode command %s: %w", c.Type, err)
	}
	return command, nil
}

// Hash identifies the request: equal for equal requests, also of different
// callers. It is stored with the event, so that anybody can check which request
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
	// NotTried: another command of the same atomic batch was refused; nothing
	// happened.
	NotTried Status = "not-tried"
	// Unavailable: nothing happened and the same request may be sent again.
	Unavailable Status = "unavailable"
	// Late: nothing happened, because an account takes longer than the other
	// commands of the call should wait; the same command goes in a call of its own.
	Late Status = "late"
	// Unknown: it may or may not have happened; the same request with the same
	// key finds out.
	Unknown Status = "unknown"
	// Forbidden: the caller may not do this to any account, or its token does
	// not prove who it is; nothing happened. A caller that may not know of the
	// account is Refused as if there were none.
	Forbidden Status = "forbidden"
	// Invalid: the request was malformed beyond what a client can cause; a
	// fault of ours, not retryable.
	Invalid Status = "invalid"
)

// Statuses are all of them.
func Statuses() []Status {
	return []Status{Applied, Replayed, Refused, NotTried, Unavailable, Late, Unknown, Forbidden, Invalid}
}

// Outcome is the answer to one command.
type Outcome struct {
	Status Status `json:"status"`
	// Record is the stored event, for Applied and Replayed.
	Record *Record `json:"record,omitempty"`
	// Return is, for a transfer that was sent and came back in one step, the event
	// with which it came back.
	Return *Record `json:"return,omitempty"`
	// Also are, in a dry run, the other events that the command would become, of any
	// account.
	Also []Record `json:"also,omitempty"`
	// Account is the account as of this answer, where it exists, without what
	// only its own decisions need.
	Account *bank.Account `json:"account,omitempty"`
	// Refusal is set for Refused: the first broken rule.
	Refusal *bank.Refusal `json:"refusal,omitempty"`
	// Others are the further broken rules, in a dry run.
	Others bank.Refusals `json:"others,omitempty"`
	// Reason explains Unavailable, Unknown, Forbidden and Invalid to an operator.
	Reason string `json:"reason,omitempty"`
}

// CommandReply answers a CommandBatch, one outcome per command, in order.
type CommandReply struct {
	Outcomes []Outcome `json:"outcomes"`
}
