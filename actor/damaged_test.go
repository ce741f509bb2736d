package actor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity/identitytest"
)

// An account whose history cannot be read refuses at once and holds up no other account.
func TestAnUnreadableHistoryRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("d", 500))
		bad := contract.Record{Account: ada, Version: 3, Key: "bad", Type: "money-printed", Schema: 1, Data: []byte(`{}`)}
		result := b.writer.Append(t.Context(),
			[]contract.Append{{Account: ada, ExpectedVersion: 2, Records: []contract.Record{bad}}})[0]
		if result.Status != contract.Appended {
			t.Fatalf("%+v", result)
		}
		for _, how := range []string{"an actor that knows the account", "an actor that begins"} {
			began := time.Now()
			got := b.send(b.deposit("after", 1))[0]
			if got.Status != contract.Unavailable || !strings.Contains(got.Reason, "money-printed") ||
				time.Since(began) > time.Second {
				t.Errorf("%s: %s (%s) after %v", how, got.Status, got.Reason, time.Since(began))
			}
			b.restart()
		}
	})
}

// forgetful is an event source whose index of keys has lost one.
type forgetful struct {
	actor.Log
	lost string
}

func (l *forgetful) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	found, err := l.Log.FindKeys(ctx, r)
	for i, record := range found.Records {
		if record.Key == l.lost {
			found.Records = append(found.Records[:i:i], found.Records[i+1:]...)
			break
		}
	}
	return found, err
}

// A key that the account's stream carries and the log does not find by it must
// not become a second event.
func TestAKeyThatTheLogHasLostIsNotUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("lost", 500), b.deposit("kept", 1))
		b.host = actor.NewHost(&forgetful{Log: b.log, lost: "lost"}, b.kept, sealing, func() time.Time { return b.now },
			identitytest.Believe)
		b.background(b.host.RunSnapshots)
		again := b.send(b.deposit("lost", 500))[0]
		if again.Status != contract.Unavailable || !strings.Contains(again.Reason, "index is damaged") {
			t.Errorf("a key that the log has lost: %s (%s)", again.Status, again.Reason)
		}
		b.expect(b.send(b.deposit("kept", 1), b.deposit("new", 2)), contract.Replayed, contract.Applied)
		if got := b.stream(); len(got) != 4 {
			t.Errorf("the stream has %d events, want 4", len(got))
		}
	})
}

// Two keys may have the same sum: then only the log tells them apart.
func TestAKeyIsNotTakenForAnotherOfTheSameSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("used", 500))
		b.host.Deactivate(t.Context(), contract.ActorType, string(ada))
		synctest.Wait() // for the snapshot to be saved
		b.kept.data[ada] = reseal(b.kept.data[ada], func(data, _ map[string]any) {
			data["keys"] = []bank.KeyEntry{{Sum: bank.SumKey("new"), Version: 2}} // as if it were that of "used"
			data["forgot"] = true
		})
		b.restart()
		b.expect(b.send(b.deposit("new", 1), b.deposit("used", 500), b.deposit("new", 1)), contract.Applied,
			contract.Replayed, contract.Replayed)
	})
}
