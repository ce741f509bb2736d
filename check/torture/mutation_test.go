package torture

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"corebank/check/laws"
	"corebank/check/workload"
	"corebank/internal/bank"
)

// schema is the bank's API as its clients know it.
func schema(t *testing.T) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob("../../graph/*.graphqls")
	if err != nil || len(files) == 0 {
		t.Fatalf("the schema is not where it was: %v, %v", files, err)
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	return gqlparser.MustLoadSchema(sources...)
}

func TestEveryRequestIsAMutationOfTheBank(t *testing.T) {
	api := schema(t)
	id, some := bank.NewAccountID("anonymous", "open"), cents(5)
	batch := laws.NewRequest(id, "key", bank.Deposit{Amount: some})
	batch.Together = []*laws.Request{batch, laws.NewRequest(id, "key", bank.Withdraw{Amount: some})}
	requests := []*laws.Request{batch}
	for _, c := range []bank.Command{
		bank.OpenAccount{Owner: "Ada", Currency: currency, Kind: bank.Current}, bank.CloseAccount{},
		bank.Deposit{Amount: some}, bank.Withdraw{Amount: some}, bank.SendTransfer{To: id, Amount: some},
		bank.PlaceHold{Amount: some}, bank.PlaceHold{Amount: some, ExpiresAt: time.Now().UTC()},
		bank.CaptureHold{Hold: 3}, bank.CaptureHold{Hold: 3, Amount: &some, ReleaseRest: true},
		bank.ReleaseHold{Hold: 3}, bank.AdjustHold{Hold: 3, Amount: &some, ExpiresAt: time.Now().UTC()},
		bank.Reverse{Transaction: 2, Reason: "a mistake"}, bank.Reverse{Transaction: 2, Amount: &some, Reason: "a mistake"},
		bank.FreezeAccount{Debits: true, Reason: "for a moment"}, bank.UnfreezeAccount{},
		bank.PostTransaction{Legs: []bank.Leg{{Account: id, Amount: some}, {Account: id, Credit: true, Amount: some}}},
	} {
		r := laws.NewRequest(id, "key", c)
		r.Waits = true
		requests = append(requests, r)
	}
	for _, r := range requests {
		query, variables := body(r)
		document, errs := gqlparser.LoadQueryWithRules(api, query, nil)
		if len(errs) > 0 {
			t.Errorf("%T: %v in\n%s", r.Command, errs, query)
			continue
		}
		wire, err := json.Marshal(variables)
		if err != nil {
			t.Fatal(err)
		}
		var heard map[string]any
		if err := json.Unmarshal(wire, &heard); err != nil {
			t.Fatal(err)
		}
		if _, err := validator.VariableValues(api, document.Operations[0], heard); err != nil {
			t.Errorf("%T: %v in %s", r.Command, err, wire)
		}
	}
}

// A request whose mutation leaves something out would not be found in the log.
func TestAMutationCarriesAllThatTheWorkloadAsksFor(t *testing.T) {
	id := bank.NewAccountID("anonymous", "open")
	w := workload.Workload{Currency: currency, Payment: payment, Expiry: expiry, Refusing: []bank.AccountID{id},
		Journals: true, Foreign: []bank.AccountID{id}, ForeignCurrency: foreignCurrency, Batches: true,
		Destinations: func() []bank.AccountID { return []bank.AccountID{id} }}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		r := w.Next(random, fmt.Sprint(i), id)
		_, variables := body(r)
		sent := fmt.Sprint(variables)
		asked, err := json.Marshal(r.Command)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"wages", "a share", "a mistake", "for a moment"} {
			if strings.Contains(string(asked), text) && !strings.Contains(sent, text) {
				t.Fatalf("%s is sent as %s", asked, sent)
			}
		}
	}
}
