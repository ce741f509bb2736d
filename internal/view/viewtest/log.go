package viewtest

import (
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Fataler is a *testing.T or a *rapid.T.
type Fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Log is a valid log: every account decides its commands by the rules of the bank.
type Log struct {
	T        Fataler
	Records  []contract.Record
	Accounts map[bank.AccountID]bank.Account
	// Now is the time of the next record; each record advances it by Step.
	Now  time.Time
	Step time.Duration

	after int64 // the position before the first record
}

// NewLog is an empty log. Every other record happens in the same microsecond as the one before it.
func NewLog(t Fataler) *Log {
	return &Log{T: t, Accounts: make(map[bank.AccountID]bank.Account), Now: opening, Step: time.Microsecond / 2}
}

// Try lets an account decide a command. It writes the event, or returns the refusal.
func (b *Log) Try(id bank.AccountID, caller, key string, c bank.Command) *bank.Refusal {
	b.T.Helper()
	account := b.party(id)
	if system, ours := bank.SystemKey(c); ours {
		key = system
	}
	now := b.Now.Truncate(time.Microsecond)
	event, refusal := account.Decide(c, bank.Circumstances{Now: now, Caller: caller, Key: key,
		Past: b.past(id, account.RequiredVersion(c))})
	if refusal != nil {
		return refusal
	}
	sent, err := contract.EncodeCommand(caller, key, c)
	if err != nil {
		b.T.Fatalf("%v", err)
	}
	b.Write(id, caller, key, sent.Hash(), event)
	return nil
}

// TryTogether is Try of a command that several accounts decide in one step. They write all that they do.
func (b *Log) TryTogether(id bank.AccountID, caller, key string, c bank.Command) bank.Refusals {
	b.T.Helper()
	now, account := b.Now.Truncate(time.Microsecond), b.party(id)
	decided, broken := bank.DecideTogether(c, id, func(id bank.AccountID) bank.Party {
		return bank.Party{Account: b.party(id), Now: now}
	}, b.circumstances(caller, key, b.past(id, account.RequiredVersion(c))))
	step := b.Step
	b.Step = 0
	for _, d := range decided {
		command, key := c, key
		if d.Step != nil {
			command = d.Step
			key, _ = bank.SystemKey(d.Step)
		}
		sent, err := contract.EncodeCommand(caller, key, command)
		if err != nil {
			b.T.Fatalf("%v", err)
		}
		b.Write(d.Account, caller, key, sent.Hash(), d.Event)
	}
	b.Step, b.Now = step, b.Now.Add(step)
	b.join(b.Records[len(b.Records)-len(decided):])
	return broken
}

// circumstances are those of a decision that looks at a past event.
func (b *Log) circumstances(caller, key string, past bank.Event) bank.Circumstances {
	in := bank.Circumstances{Caller: caller, Key: key, Past: past}
	if id, version, elsewhere := bank.WholeOf(past); elsewhere {
		in.Whole = b.past(id, version)
	}
	return in
}

// join makes records those of one append to several streams, if they are.
func (b *Log) join(records []contract.Record) {
	for i := range records {
		if records[0].Account != records[len(records)-1].Account {
			records[i].More = len(records) - 1 - i
		}
	}
}

// DoTogether is TryTogether of a command that must be accepted, with a new key. It returns what was written.
func (b *Log) DoTogether(id bank.AccountID, c bank.Command) []contract.Record {
	b.T.Helper()
	before := len(b.Records)
	if broken := b.TryTogether(id, "teller", fmt.Sprint("key-", before), c); len(broken) > 0 {
		b.T.Fatalf("%T on %s: %s", c, id, broken[0].Message)
	}
	return b.Records[before:]
}

func (b *Log) party(id bank.AccountID) bank.Account {
	account := b.Accounts[id]
	account.ID = id
	return account
}

// past is the account's event at a version, or nil.
func (b *Log) past(id bank.AccountID, version int64) bank.Event {
	for _, r := range b.Records {
		if r.Account == id && r.Version == version {
			return b.event(r)
		}
	}
	return nil
}

func (b *Log) event(r contract.Record) bank.Event {
	b.T.Helper()
	event, err := r.Event()
	if err != nil {
		b.T.Fatalf("%v", err)
	}
	return event
}

// Write writes an event that need not follow the rules.
func (b *Log) Write(id bank.AccountID, caller, key, hash string, event bank.Event) {
	b.T.Helper()
	account := b.party(id)
	r := contract.Record{Position: b.after + int64(len(b.Records)) + 1, Account: id, Version: account.Version + 1,
		At: b.Now.Truncate(time.Microsecond), Key: key, Caller: caller, RequestHash: hash}
	if err := r.SetEvent(event); err != nil {
		b.T.Fatalf("%v", err)
	}
	b.Accounts[id] = account.Apply(event, r.At)
	b.Records = append(b.Records, r)
	b.Now = b.Now.Add(b.Step)
}

// Do is Try of a command that must be accepted, with a new key.
func (b *Log) Do(id bank.AccountID, c bank.Command) contract.Record {
	b.T.Helper()
	if refusal := b.Try(id, "teller", fmt.Sprint("key-", len(b.Records)), c); refusal != nil {
		b.T.Fatalf("%T on %s: %s", c, id, refusal.Message)
	}
	return b.Records[len(b.Records)-1]
}

// Open opens an account; one with an external id claims it first.
func (b *Log) Open(c bank.OpenAccount) bank.AccountID {
	b.T.Helper()
	id := bank.NewAccountID(c.Owner, "first")
	if c.ExternalID != "" {
		b.Write(bank.NewClaimID(c.ExternalID), c.Owner, bank.ClaimKey(id), fmt.Sprintf("%032x", len(b.Records)),
			bank.ExternalIDClaimed{ExternalID: c.ExternalID, Account: id})
	}
	if refusal := b.Try(id, c.Owner, "first", c); refusal != nil {
		b.T.Fatalf("%s cannot open an account: %s", c.Owner, refusal.Message)
	}
	return id
}

// Send sends a transfer.
func (b *Log) Send(from, to bank.AccountID, amount bank.Money) bank.TransferSent {
	b.T.Helper()
	return b.event(b.Do(from, bank.SendTransfer{To: to, Amount: amount})).(bank.TransferSent)
}

// Deliver brings a transfer that was sent to its end. It reports whether the money arrived.
func (b *Log) Deliver(from bank.AccountID, sent bank.TransferSent) (arrived bool) {
	b.T.Helper()
	var event bank.Event = sent
	step, more := bank.NextStep(from, 0, b.Now, event)
	for ; more; step, more = bank.NextStep(step.Account, 0, b.Now, event) {
		event = b.event(b.Do(step.Account, step.Command))
	}
	_, arrived = event.(bank.TransferCompleted)
	return arrived
}

// Reverse reverses a transaction: all that remains of it if amount is nil. If that sends a transfer back, it
// returns this transfer.
func (b *Log) Reverse(id bank.AccountID, version int64, amount *bank.Money) (back bank.TransferSent) {
	b.T.Helper()
	r := b.Do(id, bank.Reverse{Transaction: version, Amount: amount, Reason: "by mistake"})
	back, _ = b.event(r).(bank.TransferSent)
	return back
}
