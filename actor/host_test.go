package actor_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// A host with more accounts than it keeps forgets those that rested longest,
// and goes on with them as if it never had.
func TestAHostForgetsWhoRestedLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.host.LimitAccounts(2)
		caller := "ada"
		ids := make([]bank.AccountID, 3)
		for i := range ids {
			key := fmt.Sprint("open ", i)
			ids[i] = bank.NewAccountID(caller, key)
			b.expect(b.turn(ids[i], contract.CommandBatch{Commands: []contract.Command{
				b.command(key, bank.OpenAccount{Owner: "Ada", Currency: "EUR"})}}), contract.Applied)
		}
		for round := range 4 {
			for _, id := range ids {
				deposit := b.deposit(fmt.Sprint("round ", round), 100)
				outcomes := b.turn(id, contract.CommandBatch{Commands: []contract.Command{deposit}})
				b.expect(outcomes, contract.Applied)
				if got := outcomes[0].Account.Balance.Minor; got != int64(100*(round+1)) {
					t.Errorf("round %d: %s has %d", round, id, got)
				}
			}
		}
		synctest.Wait() // those that were forgotten save what they have
		kept := 0
		for _, id := range ids {
			if b.host.Has(id) {
				kept++
			}
		}
		if kept != 2 || b.host.Has(ids[0]) {
			t.Errorf("%d accounts are in memory, want the last two", kept)
		}
	})
}

// A call to an actor that gets lost is not made again behind the back of who made it: the sidecar has a policy for each
// type of actors, or Dapr's own would repeat it.
func TestLostCallsOfNoActorAreHidden(t *testing.T) {
	policies, err := os.ReadFile("../components/resiliency.yaml")
	if err != nil {
		t.Fatal(err)
	}
	host := actor.NewHost(nil, nil, sealing, time.Now, nil)
	for _, kind := range host.RegisteredActorTypes() {
		if want := "      " + kind + ":\n        retry: never\n"; !strings.Contains(string(policies), want) {
			t.Errorf("components/resiliency.yaml does not say that calls of the actors %q are made once", kind)
		}
	}
}
