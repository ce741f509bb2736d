package actor_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	actorerr "github.com/dapr/go-sdk/actor/error"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity/identitytest"
	"corebank/internal/seal"
)

// bench is an actor host over a log in memory, with faults to order.
type bench struct {
	t      *testing.T
	memory *storage.MemoryLog
	log    *faultyLog
	kept   *snapshotStore
	host   *actor.Host
	writer *eventsource.Writer
	now    time.Time
}

// newBench must run in a synctest bubble: time is virtual.
func newBench(t *testing.T) *bench {
	t.Helper()
	memory := storage.NewMemoryLog()
	b := &bench{t: t, memory: memory, kept: &snapshotStore{data: map[bank.AccountID][]byte{}},
		now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	storage := memory.Open()
	writer := eventsource.NewWriter(storage, slog.New(slog.DiscardHandler))
	b.background(func(ctx context.Context) {
		if err := writer.Run(ctx); err != nil {
			t.Errorf("writer: %v", err)
		}
	})
	b.writer = writer
	b.log = &faultyLog{api: eventsource.NewAPI(writer, storage, func() int64 { return 0 })}
	b.restart()
	return b
}

// background runs work until the test ends.
func (b *bench) background(work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { work(ctx) })
	b.t.Cleanup(func() { cancel(); running.Wait() })
}

// restart is a new host process over the same log and snapshots.
func (b *bench) restart() {
	b.host = actor.NewHost(b.log, b.kept, sealing, func() time.Time { return b.now }, identitytest.Believe)
	b.background(b.host.RunSnapshots)
}

var ada = bank.NewAccountID("ada", "first")

func eur(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }

// send gives Ada's actor one turn with commands under the keys.
func (b *bench) send(commands ...contract.Command) []contract.Outcome {
	b.t.Helper()
	reply, err := b.host.Execute(b.t.Context(), ada, contract.CommandBatch{Commands: commands})
	if err != nil {
		b.t.Fatal(err)
	}
	return reply.Outcomes
}

func (b *bench) command(key string, c bank.Command) contract.Command {
	b.t.Helper()
	sent, err := contract.EncodeCommand("ada", key, c)
	if err != nil {
		b.t.Fatal(err)
	}
	return sent
}

func (b *bench) open() contract.Command {
	return b.command("first", bank.OpenAccount{Owner: "Ada", Currency: "EUR"})
}
func (b *bench) deposit(key string, minor int64) contract.Command {
	return b.command(key, bank.Deposit{Amount: eur(minor)})
}
func (b *bench) withdraw(key string, minor int64) contract.Command {
	return b.command(key, bank.Withdraw{Amount: eur(minor)})
}

// expect fails unless the outcomes have these statuses.
func (b *bench) expect(outcomes []contract.Outcome, want ...contract.Status) {
	b.t.Helper()
	var got []contract.Status
	for _, o := range outcomes {
		got = append(got, o.Status)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Fatalf("got %v, want %v (%+v)", got, want, outcomes)
	}
}

// stream is Ada's stream as the log has it; it fails on any gap.
func (b *bench) stream() []contract.Record {
	b.t.Helper()
	records, err := b.memory.Open().ReadStream(b.t.Context(), ada, 0, 10_000)
	if err != nil {
		b.t.Fatal(err)
	}
	for i, r := range records {
		if r.Version != int64(i+1) {
			b.t.Fatalf("record %d has version %d", i, r.Version)
		}
	}
	return records
}

// faultyLog is the event source with faults that a test orders.
type faultyLog struct {
	api *eventsource.API
	// before and after run around the next append; an error of theirs is what
	// the actor sees of a broken connection.
	before, after func() error
	unreadable    error
	slow          map[bank.AccountID]time.Duration // how long reading these takes
	appends       int
	finds         int
	reads         int

	mu sync.Mutex
}

// hook is what runs around an append now, and never again.
func (l *faultyLog) hook(ordered *func() error) func() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := *ordered
	if *ordered = nil; f == nil {
		return func() error { return nil }
	}
	return f
}

func (l *faultyLog) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	results, err := l.AppendAll(ctx, []contract.Append{a})
	if err != nil {
		return contract.AppendResult{}, err
	}
	return results[0], nil
}

func (l *faultyLog) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	l.mu.Lock()
	l.appends++
	l.mu.Unlock()
	if err := l.hook(&l.before)(); err != nil {
		return nil, err
	}
	reply, err := l.api.Append(ctx, contract.AppendRequest{Appends: appends})
	if err != nil {
		return nil, err
	}
	if err := l.hook(&l.after)(); err != nil {
		return nil, err
	}
	return reply.Results, nil
}

func (l *faultyLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	l.mu.Lock()
	l.reads++
	l.mu.Unlock()
	if l.unreadable != nil {
		return contract.Records{}, l.unreadable
	}
	<-time.After(l.slow[r.Account]) // in virtual time
	return l.api.ReadStream(ctx, r)
}

func (l *faultyLog) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	l.mu.Lock()
	l.finds++
	l.mu.Unlock()
	if l.unreadable != nil {
		return contract.Records{}, l.unreadable
	}
	return l.api.FindKeys(ctx, r)
}

func (l *faultyLog) Ready(ctx context.Context) (contract.Readiness, error) {
	return l.api.Ready(ctx, struct{}{})
}

// snapshotStore stores snapshots in memory.
type snapshotStore struct {
	mu    sync.Mutex
	data  map[bank.AccountID][]byte
	loads int
}

func (s *snapshotStore) Load(_ context.Context, id bank.AccountID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.data[id], nil
}

func (s *snapshotStore) Save(_ context.Context, id bank.AccountID, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[id] = data
	return nil
}

func TestATurnDecidesItsCommandsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		outcomes := b.send(b.open(), b.deposit("pay", 100), b.withdraw("rent", 70), b.withdraw("fun", 40),
			b.deposit("pay", 100))
		b.expect(outcomes, contract.Applied, contract.Applied, contract.Applied, contract.Refused, contract.Replayed)
		if refusal := outcomes[3].Refusal; refusal.Code != bank.InsufficientFunds || *refusal.Available != eur(30) ||
			*refusal.Shortfall != eur(10) {
			t.Errorf("refusal %+v", refusal)
		}
		if outcomes[4].Record.Position != outcomes[1].Record.Position || outcomes[1].Record.Position != 2 {
			t.Errorf("replay at position %d, first at %d, want 2", outcomes[4].Record.Position, outcomes[1].Record.Position)
		}
		if b.log.appends != 1 || len(b.stream()) != 3 {
			t.Errorf("%d appends, %d records; want one append of 3", b.log.appends, len(b.stream()))
		}
	})
}

func TestTheSameKeyIsAnsweredPermanently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.expect(b.send(b.open(), b.deposit("pay", 100)), contract.Applied, contract.Applied)
		for i := range actor.KeysKept + 10 { // more than any memory of keys holds
			b.expect(b.send(b.deposit(fmt.Sprint("more ", i), 1)), contract.Applied)
		}
		for _, restarted := range []bool{false, true} {
			if restarted {
				b.restart()
			}
			outcomes := b.send(b.deposit("pay", 100), b.deposit("pay", 101), b.withdraw("pay", 100))
			b.expect(outcomes, contract.Replayed, contract.Refused, contract.Refused)
			if fields := outcomes[1].Refusal.Fields; fmt.Sprint(fields) != "[amount]" {
				t.Errorf("differing fields %v", fields)
			}
			if outcomes[0].Record.Version != 2 {
				t.Errorf("replayed version %d, want 2", outcomes[0].Record.Version)
			}
		}
		if n := len(b.stream()); n != actor.KeysKept+12 {
			t.Errorf("%d events", n)
		}
	})
}

func TestARefusedCommandIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.expect(b.send(b.open(), b.withdraw("rent", 70)), contract.Applied, contract.Refused)
		b.expect(b.send(b.deposit("pay", 100), b.withdraw("rent", 70)), contract.Applied, contract.Applied)
	})
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	broken := errors.New("connection reset")
	t.Run("the append landed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.send(b.open())
			b.log.after = func() error { return broken }
			b.expect(b.send(b.deposit("pay", 100)), contract.Replayed)
			if n := len(b.stream()); n != 2 {
				t.Errorf("%d events, want 2", n)
			}
		})
	})
	t.Run("the append did not land", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.send(b.open())
			b.log.before = func() error { return broken }
			b.expect(b.send(b.deposit("pay", 100)), contract.Applied)
			if n := len(b.stream()); n != 2 {
				t.Errorf("%d events, want 2", n)
			}
		})
	})
}

// An append without an answer may land after the next attempt has decided:
// what that refuses must not happen then.
func TestATurnDecidesAtTheTimeOfItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("pay", 100))
		b.log.before = func() error {
			b.now = b.now.Add(time.Minute)
			return errors.New("connection reset")
		}
		hold := bank.PlaceHold{Amount: eur(40), ExpiresAt: b.now.Add(time.Second)}
		b.expect(b.send(b.command("hold", hold)), contract.Applied)
		b.expect(b.send(b.command("another", hold)), contract.Refused)
	})
}

func TestWhatCannotBeFoundOutIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open())
		b.log.after = func() error {
			b.log.unreadable = errors.New("connection refused")
			return errors.New("connection reset")
		}
		b.expect(b.send(b.deposit("pay", 100), b.withdraw("rent", 500)), contract.Unknown, contract.Unknown)
		b.log.unreadable = nil
		b.expect(b.send(b.deposit("pay", 100)), contract.Replayed)
	})
}

func TestWhatCertainlyDidNotHappenIsUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.unreadable = errors.New("connection refused")
		began := time.Now()
		b.expect(b.send(b.open()), contract.Unavailable)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the turn went on for %s; its caller has given up by then", took)
		}
		if n := len(b.stream()); n != 0 {
			t.Errorf("%d events", n)
		}
	})
}

// sealing is the key of the hosts' snapshots.
var sealing = seal.Key{1, 2, 3}

// reseal changes what ada's snapshot says, and seals it again.
func reseal(snapshot []byte, change func(data, state map[string]any)) []byte {
	var sealed struct {
		Data json.RawMessage `json:"data"`
	}
	var data map[string]any
	err := json.Unmarshal(snapshot, &sealed)
	exact := json.NewDecoder(bytes.NewReader(sealed.Data))
	exact.UseNumber()
	if err := errors.Join(err, exact.Decode(&data)); err != nil {
		panic(err)
	}
	change(data, data["state"].(map[string]any))
	resealed, err := sealing.Seal("snapshot of "+string(ada), data)
	if err != nil {
		panic(err)
	}
	return resealed
}

func TestSnapshotsAreOnlyACache(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"sound":   func(d []byte) []byte { return d },
		"missing": func([]byte) []byte { return nil },
		"torn":    func(d []byte) []byte { return d[:len(d)/2] },
		"forged": func(d []byte) []byte {
			forged := []byte(string(d))
			for i := range forged {
				if forged[i] == '7' {
					forged[i] = '8'
				}
			}
			return forged
		},
		"of another schema": func(d []byte) []byte {
			return reseal(d, func(data, state map[string]any) {
				data["schema"], state["balance"] = 0, eur(1)
			})
		},
		"of another account": func(d []byte) []byte {
			return reseal(d, func(_, state map[string]any) {
				state["id"], state["balance"] = bank.NewAccountID("bob", "first"), eur(1)
			})
		},
		"of another log": func(d []byte) []byte {
			return reseal(d, func(_, state map[string]any) {
				state["version"], state["balance"] = 900, eur(1_000_000)
			})
		},
		"of another past": func(d []byte) []byte {
			return reseal(d, func(data, state map[string]any) {
				data["mark"], state["balance"] = contract.Mark{1}, eur(1_000_000)
			})
		},
		"against the balance in the log": func(d []byte) []byte {
			return reseal(d, func(_, state map[string]any) { state["balance"] = eur(1_000_000) })
		},
		"with another key": func(d []byte) []byte {
			var stolen struct{ Data map[string]any }
			if err := json.Unmarshal(d, &stolen); err != nil {
				panic(err)
			}
			stolen.Data["state"].(map[string]any)["balance"] = eur(1_000_000)
			forged, err := seal.Key{9}.Seal("snapshot of "+string(ada), stolen.Data)
			if err != nil {
				panic(err)
			}
			return forged
		},
		"with a checksum, as of an earlier build": func(d []byte) []byte {
			sealed := map[string]json.RawMessage{}
			if err := json.Unmarshal(d, &sealed); err != nil {
				panic(err)
			}
			sum := sha256.Sum256(sealed["data"])
			return fmt.Appendf(nil, `{"sha256":%q,"data":%s}`, hex.EncodeToString(sum[:]), sealed["data"])
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.send(b.open())
				for i := range 250 {
					b.expect(b.send(b.deposit(fmt.Sprint(i), 1)), contract.Applied)
				}
				b.host.Deactivate(t.Context(), contract.ActorType, string(ada))
				synctest.Wait() // for the snapshot to be saved
				if len(b.kept.data[ada]) == 0 {
					t.Fatal("no snapshot was kept")
				}
				b.kept.data[ada] = spoil(b.kept.data[ada])
				b.restart()
				outcomes := b.send(b.deposit("7", 1), b.withdraw("all", 250), b.withdraw("more", 1))
				b.expect(outcomes, contract.Replayed, contract.Applied, contract.Refused)
				if got := outcomes[1].Account.Balance; got != eur(0) {
					t.Errorf("balance %s", got)
				}
			})
		})
	}
}

func TestAnAccountsTimeNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open())
		b.now = b.now.Add(-time.Hour)
		b.send(b.deposit("pay", 100))
		records := b.stream()
		if records[1].At.Before(records[0].At) {
			t.Errorf("version 2 at %s is before version 1 at %s", records[1].At, records[0].At)
		}
	})
}

// What measures the way to an actor makes no account, not even in memory.
func TestNothingIsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		reply, failed := b.host.InvokeActorMethod(t.Context(), contract.ActorType, string(ada), contract.MethodNothing,
			[]byte("{}"))
		if failed != actorerr.Success || string(reply) != "{}" {
			t.Errorf("answered %q, %v", reply, failed)
		}
		if b.host.Has(ada) || len(b.stream()) != 0 {
			t.Error("there is an account now")
		}
	})
}
