package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"corebank/check/bench/ledger"
	"corebank/check/bench/postgres"
)

type form struct {
	name string
	move func(*ledger.Ledger) func(context.Context, ledger.Move) (ledger.Moved, error)
}

var forms = []form{
	{"four statements", func(l *ledger.Ledger) func(context.Context, ledger.Move) (ledger.Moved, error) {
		return l.FourStatements
	}},
	{"a single statement", func(l *ledger.Ledger) func(context.Context, ledger.Move) (ledger.Moved, error) {
		return l.SingleStatement
	}},
}

// open is a ledger with some accounts, on a PostgreSQL of its own.
func open(t *testing.T, accounts ...string) *ledger.Ledger {
	t.Helper()
	server, err := postgres.Start(t.Context())
	if errors.Is(err, postgres.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	l, err := ledger.Open(t.Context(), server.Address(), 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if err := l.OpenAccounts(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	return l
}

// One PostgreSQL serves all stories, each with accounts of its own.
func TestTheLedger(t *testing.T) {
	l := open(t, "ada 0", "ada 1", "bob 0", "bob 1", "cleo")
	for name, story := range map[string]func(*testing.T, *ledger.Ledger){
		"both forms keep the same promises":            bothFormsKeepTheSamePromises,
		"a key moves money once, however many ask":     aKeyMovesMoneyOnce,
		"the API says what it cannot do, and does not": theAPISaysWhatItCannotDo,
	} {
		t.Run(name, func(t *testing.T) { story(t, l) })
	}
}

// since is what was entered since an earlier look.
func since(t *testing.T, l *ledger.Ledger, before ledger.Totals) ledger.Totals {
	t.Helper()
	now, err := l.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Totals{Entries: now.Entries - before.Entries, Balances: now.Balances - before.Balances}
}

func bothFormsKeepTheSamePromises(t *testing.T, l *ledger.Ledger) {
	for n, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			move, ada, before := form.move(l), fmt.Sprint("ada ", n), since(t, l, ledger.Totals{})
			for _, step := range []struct {
				says    string
				account string
				key     string
				amount  int64
				want    ledger.Moved
				err     error
			}{
				{"nothing can be taken out of nothing", ada, "early", -1, ledger.Moved{}, ledger.ErrFunds},
				{"a salary", ada, "salary", 500, ledger.Moved{Balance: 500, Version: 1}, nil},
				{"the rent", ada, "rent", -200, ledger.Moved{Balance: 300, Version: 2}, nil},
				{"the salary sent again", ada, "salary", 500, ledger.Moved{Balance: 500, Version: 1, Replayed: true}, nil},
				{"another one under its key", ada, "salary", 501, ledger.Moved{}, ledger.ErrConflict},
				{"too much", ada, "car", -301, ledger.Moved{}, ledger.ErrFunds},
				{"what was refused may be asked for again", ada, "car", -300, ledger.Moved{Balance: 0, Version: 3}, nil},
				{"nothing is left, and a replay does not need it", ada, "car", -300,
					ledger.Moved{Balance: 0, Version: 3, Replayed: true}, nil},
				{"an account that is not there", "dan", "salary", 1, ledger.Moved{}, ledger.ErrNoAccount},
			} {
				got, err := move(t.Context(), ledger.Move{Account: step.account, Key: step.key, Amount: step.amount,
					Reference: "test"})
				if !errors.Is(err, step.err) || err == nil && got != step.want {
					t.Fatalf("%s: %+v, %v; want %+v, %v", step.says, got, err, step.want, step.err)
				}
			}
			if got := since(t, l, before); got != (ledger.Totals{Entries: 3}) {
				t.Errorf("%+v were entered, want 3 that come to nothing", got)
			}
		})
	}
}

// Many ask at once, each for the same key twice: one of the two is a replay.
func aKeyMovesMoneyOnce(t *testing.T, l *ledger.Ledger) {
	before := since(t, l, ledger.Totals{})
	for n, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			const clients, each = 16, 10
			var replayed, moved atomic.Int64
			var all sync.WaitGroup
			for client := range clients {
				all.Go(func() {
					for turn := range each {
						got, err := form.move(l)(t.Context(), ledger.Move{Account: fmt.Sprint("bob ", n),
							Key: fmt.Sprint(client/2, "-", turn), Amount: 1})
						switch {
						case err != nil:
							t.Error(err)
						case got.Replayed:
							replayed.Add(1)
						default:
							moved.Add(1)
						}
					}
				})
			}
			all.Wait()
			if moved.Load() != clients*each/2 || replayed.Load() != clients*each/2 {
				t.Errorf("%d moved and %d were replays, want %d each", moved.Load(), replayed.Load(), clients*each/2)
			}
		})
	}
	if got := since(t, l, before); got != (ledger.Totals{Entries: 160, Balances: 160}) {
		t.Errorf("%+v were entered, want 160 of each", got)
	}
}

func theAPISaysWhatItCannotDo(t *testing.T, l *ledger.Ledger) {
	before := since(t, l, ledger.Totals{})
	server := httptest.NewServer(ledger.Handler(l))
	t.Cleanup(server.Close)
	for _, path := range []string{ledger.PathFour, ledger.PathSingle} {
		for body, status := range map[string]int{
			fmt.Sprintf(`{"account":"cleo","key":%q,"amount":100}`, path): http.StatusOK,
			fmt.Sprintf(`{"account":"cleo","key":%q,"amount":-1}`, path):  http.StatusConflict,
			`{"account":"dan","key":"1","amount":1}`:                      http.StatusNotFound,
			`{"account":"cleo","key":"much","amount":-1000}`:              http.StatusUnprocessableEntity,
			`{"account":"cleo","amount":1}`:                               http.StatusBadRequest,
			`[`:                                                           http.StatusBadRequest,
		} {
			if status == http.StatusConflict {
				post(t, server.URL+path, fmt.Sprintf(`{"account":"cleo","key":%q,"amount":100}`, path))
			}
			if got, text := post(t, server.URL+path, body); got != status {
				t.Errorf("%s %s: %d %s, want %d", path, body, got, text, status)
			}
		}
	}
	answer, err := http.Get(server.URL + ledger.PathTotals)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var totals ledger.Totals
	if err := json.NewDecoder(answer.Body).Decode(&totals); err != nil || totals.Entries != before.Entries+2 ||
		totals.Balances != before.Balances+200 {
		t.Errorf("totals are %+v (%v), and were %+v", totals, err, before)
	}
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
