package actor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	actorerr "github.com/dapr/go-sdk/actor/error"
	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/seal"
)

// Log is the event source as the actors use it. An error of Append means that
// its outcome is unknown, one of AppendAll that all outcomes are.
type Log interface {
	Append(ctx context.Context, a contract.Append) (contract.AppendResult, error)
	AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
	Ready(ctx context.Context) (contract.Readiness, error)
}

// Host holds the actors that Dapr has placed here and gives them their turns. It implements the handler of the
// sidecar's actor event stream: bytes in, bytes out. Refusals and even unknown outcomes are replies; an error is only
// for what no reply can express.
type Host struct {
	log          Log
	snapshots    *snapshots
	clock        func() time.Time
	authenticate Authenticator
	keysKept     int
	partitions   int // of the log
	metrics      *hostMetrics

	mu       sync.Mutex
	accounts *lru.Cache[bank.AccountID, *account]
}

// accountsKept bounds the accounts in memory, of 1 to 17 KiB each. The one that had no turn for longest is forgotten
// first: its next turn begins with its snapshot.
const accountsKept = 100_000

// keysKept bounds the idempotency keys that an account has in memory, its newest. Older ones are in the index of the
// event source, which lacks at most those of the commit that is under way; that has fewer records than this.
const keysKept = 1024

// NewHost makes a host over a log and a store of snapshots, which count only if they are sealed with the key. clock
// gives the time of decisions, authenticate their callers.
func NewHost(
	log Log, store Snapshots, key seal.Key, clock func() time.Time, authenticate Authenticator,
) *Host {
	h := &Host{log: log, clock: clock, authenticate: authenticate, keysKept: keysKept, metrics: newHostMetrics()}
	h.snapshots = newSnapshots(store, key, h.metrics.snapshots)
	h.limitAccounts(accountsKept)
	return h
}

// KeepKeys sets how many idempotency keys of each account are in memory: for tests, to which a thousand are many. It
// must come before the first turn.
func (h *Host) KeepKeys(limit int) { h.keysKept = limit }

// Divide says how many partitions the log has: accounts of one partition decide together. Without it there is one. It
// must come before the first turn.
func (h *Host) Divide(partitions int) { h.partitions = partitions }

func (h *Host) limitAccounts(limit int) {
	accounts, err := lru.New[bank.AccountID, *account](limit)
	if err != nil {
		panic(err) // only a size that is not positive can fail
	}
	h.accounts = accounts
}

// RunSnapshots saves snapshots behind the turns until ctx ends.
func (h *Host) RunSnapshots(ctx context.Context) { h.snapshots.run(ctx) }

// Execute gives the account's actor a turn.
func (h *Host) Execute(
	ctx context.Context, id bank.AccountID, batch contract.CommandBatch,
) (contract.CommandReply, error) {
	if n := len(batch.Commands); n == 0 || n > contract.MaxCommands {
		return contract.CommandReply{}, fmt.Errorf("a turn has 1 to %d commands, not %d", contract.MaxCommands, n)
	}
	if !id.Valid() {
		return contract.CommandReply{}, fmt.Errorf("%q is not an account id", id)
	}
	spans, began := traceTurn(contract.ActorType, batch.Commands), time.Now()
	outcomes := h.account(id).execute(ctx, batch, h.callers(ctx, batch.Commands), spans)
	spans.end(outcomes)
	h.metrics.answered(batch, outcomes, began)
	return contract.CommandReply{Outcomes: outcomes}, nil
}

// Ready reports whether a turn could append now.
func (h *Host) Ready(ctx context.Context) contract.Readiness {
	readiness, err := h.log.Ready(ctx)
	if err != nil {
		return contract.Readiness{Reason: "the event source does not answer: " + err.Error()}
	}
	return readiness
}

// ForgetAll forgets all accounts: an earlier copy of the log was restored. Their next turns begin with the log.
func (h *Host) ForgetAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accounts.Purge()
}

// Has reports whether the account's actor is in memory here.
func (h *Host) Has(id bank.AccountID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.accounts.Contains(id)
}

// count is how many accounts are in memory here.
func (h *Host) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.accounts.Len()
}

func (h *Host) account(id bank.AccountID) *account {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, here := h.accounts.Get(id)
	h.metrics.accounts.Count(here)
	if !here {
		a = &account{id: id, log: h.log, snapshots: h.snapshots, clock: h.clock, keysKept: h.keysKept,
			turn: make(chan struct{}, 1)}
		if _, oldest, _ := h.accounts.GetOldest(); h.accounts.Add(id, a) {
			go oldest.rest() // it may be in a turn
		}
	}
	return a
}

// RegisteredActorTypes implements the stream's handler.
func (h *Host) RegisteredActorTypes() []string {
	return []string{contract.ActorType, contract.ClearingType}
}

// InvokeActorMethod implements the stream's handler.
func (h *Host) InvokeActorMethod(
	ctx context.Context, kind, id, method string, payload []byte,
) ([]byte, actorerr.ActorErr) {
	var reply any
	switch method {
	case contract.MethodExecute:
		var err error
		if reply, err = h.executeAny(ctx, kind, id, payload); err != nil {
			slog.ErrorContext(ctx, "malformed turn", "actor", id, "error", err)
			return nil, actorerr.ErrActorInvokeFailed
		}
	case contract.MethodReady:
		reply = h.Ready(ctx)
	case contract.MethodNothing:
		reply = struct{}{}
	default:
		return nil, actorerr.ErrActorMethodNoFound
	}
	data, err := contract.Encode(reply)
	if err != nil {
		slog.ErrorContext(ctx, "reply not encoded", "actor", id, "error", err)
		return nil, actorerr.ErrActorMethodSerializeFailed
	}
	return data, actorerr.Success
}

// executeAny gives an account's actor or a clearing actor a turn.
func (h *Host) executeAny(ctx context.Context, kind, id string, payload []byte) (contract.CommandReply, error) {
	if kind == contract.ClearingType {
		var batch contract.ClearingBatch
		if err := contract.Decode(payload, &batch); err != nil {
			return contract.CommandReply{}, err
		}
		return h.ExecuteClearing(ctx, batch)
	}
	var batch contract.CommandBatch
	if err := contract.Decode(payload, &batch); err != nil {
		return contract.CommandReply{}, err
	}
	return h.Execute(ctx, bank.AccountID(id), batch)
}

// Deactivate implements the stream's handler: the actor leaves this host.
func (h *Host) Deactivate(_ context.Context, kind, id string) actorerr.ActorErr {
	if kind == contract.ClearingType {
		return actorerr.Success // it keeps nothing
	}
	h.mu.Lock()
	a, here := h.accounts.Peek(bank.AccountID(id))
	h.accounts.Remove(bank.AccountID(id))
	h.mu.Unlock()
	if here {
		a.rest()
	}
	return actorerr.Success
}

// InvokeReminder implements the stream's handler. Nothing here depends on reminders: an account acts only on commands.
func (h *Host) InvokeReminder(context.Context, string, string, string, []byte) actorerr.ActorErr {
	return actorerr.ErrReminderFuncUndefined
}

// InvokeTimer implements the stream's handler. No timers are registered.
func (h *Host) InvokeTimer(context.Context, string, string, string, []byte) actorerr.ActorErr {
	return actorerr.ErrActorMethodNoFound
}
