package banktest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/check/banktest"
	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/server"
)

var errAway = errors.New("connection refused")

// noLog is a log whose event source is away.
type noLog struct{ graph.Log }

func (noLog) Status(context.Context) (s contract.LogStatus, err error) { return s, errAway }

func (noLog) ReadStream(context.Context, contract.ReadStreamRequest) (r contract.Records, err error) {
	return r, errAway
}

func (noLog) ReadAll(context.Context, contract.ReadAllRequest) (r contract.Records, err error) {
	return r, errAway
}

func (noLog) FindKeys(context.Context, contract.FindKeysRequest) (r contract.Records, err error) {
	return r, errAway
}

// noViews are views whose database is away, in the middle of an answer as well:
// only accounts can be read, if at all.
type noViews struct {
	view.Reader
	accounts bool
}

func (v noViews) Account(ctx context.Context, id bank.AccountID) (a view.Account, err error) {
	if v.accounts {
		return v.Reader.Account(ctx, id)
	}
	return a, errAway
}

func (noViews) Transaction(context.Context, bank.AccountID, int64) (t view.Transaction, err error) {
	return t, errAway
}

func (noViews) History(context.Context, bank.AccountID, view.Page) (l view.Lines, err error) {
	return l, errAway
}

func (noViews) Sums(context.Context, bank.AccountID, view.Filter) (s view.Sums, err error) {
	return s, errAway
}

func (noViews) AccountByExternalID(context.Context, string) (a view.Account, err error) {
	return a, errAway
}

func (noViews) ListAccounts(context.Context, view.Accounts) (l []view.Account, more bool, err error) {
	return nil, false, errAway
}

func (noViews) References(context.Context, string) (r []contract.Record, err error) {
	return nil, errAway
}

func (noViews) Trial(context.Context) (t view.Trial, err error) { return t, errAway }

func (noViews) Checkpoint(context.Context) (int64, error) { return 0, errAway }

// questions ask every field of Query, and those below that read more.
var questions = map[string][]string{
	"node": {`node(id: "ACCOUNT") { id }`, `node(id: "ACCOUNT@v1") { id }`, `node(id: "HOLD") { id }`},
	"account": {`account(id: "ACCOUNT") { id }`, `account(id: "ACCOUNT", asOf: {version: 2}) { id }`,
		`account(id: "ACCOUNT") { events { nodes { type } } }`, `account(id: "ACCOUNT") { history { totals { count } } }`,
		`account(id: "ACCOUNT") { balance { explanation { credits { value } } } }`},
	"accountByExternalId": {`accountByExternalId(externalId: "x") { id }`},
	"accounts":            {`accounts { nodes { id } }`},
	"balance": {`balance(accountId: "ACCOUNT") { version }`,
		`balance(accountId: "ACCOUNT", asOf: {version: 1}) { version }`},
	"history": {`history(accountId: "ACCOUNT") { nodes { id reversedAmount { value } hold { id } reverses { id } } }`,
		`history(accountId: "ACCOUNT", asOf: {version: 1}) { nodes { id } }`},
	"commandStatus": {`commandStatus(accountId: "ACCOUNT", idempotencyKey: "k") { state }`},
	"hold":          {`hold(id: "HOLD") { id }`},
	"transfer":      {`transfer(id: "trf_` + strings.Repeat("a", 26) + `") { id }`},
	"statement": {`statement(accountId: "ACCOUNT", from: "2020-01-01T00:00:00Z", to: "2021-01-01T00:00:00Z") { owner }`,
		`statement(accountId: "ACCOUNT", from: "2020-01-01T00:00:00Z", to: "2021-01-01T00:00:00Z") { document
			lines { nodes { id } } }`},
	"systemStatus": {`systemStatus { head }`},
	"trialBalance": {`trialBalance { balanced }`, `trialBalance(asOf: {position: 1}) { balanced }`},
	"caller":       {`caller { subject }`},
}

// TestWhatIsAwayIsUnavailable: whatever a client asks while the event source or
// the views' database is away, it learns that it may ask again.
func TestWhatIsAwayIsUnavailable(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("100.00")
	hold := c.Must("placeHold", c.pay(ada, "1.00")).Hold.ID
	c.Settle()
	for name, change := range map[string]func(*server.Parts){
		"no log":         func(p *server.Parts) { p.Log = noLog{p.Log} },
		"no views":       func(p *server.Parts) { p.Views = noViews{p.Views, false} },
		"accounts alone": func(p *server.Parts) { p.Views = noViews{p.Views, true} },
	} {
		t.Run(name, func(t *testing.T) {
			gateway := c.GatewayWith(change)
			failed := 0
			for _, field := range rootFields(t, "Query") {
				if len(questions[field]) == 0 {
					t.Errorf("nothing asks %s", field)
				}
				for _, question := range questions[field] {
					question = strings.NewReplacer("ACCOUNT", ada, "HOLD", hold).Replace(question)
					answer := gateway.Do(`{ `+question+` }`, nil)
					onlyAway(t, question, answer)
					failed += len(answer.Errors)
				}
			}
			if failed < 8 {
				t.Errorf("only %d errors: the parts are not away", failed)
			}
			paid := gateway.Do(`mutation($input: DepositInput!) { deposit(input: $input) { transaction { id }
				account { id version events { nodes { type } } history { nodes { id } totals { count } } } userErrors { code } } }`,
				map[string]any{"input": c.pay(ada, "1.00")})
			onlyAway(t, "deposit", paid)
			for _, e := range paid.Errors {
				if strings.Contains(e.Message, "Nothing happened") || !strings.Contains(e.Message, "is done") {
					t.Errorf("of a deposit that was made, it says %q", e.Message)
				}
			}
			onlyAway(t, "reverse", gateway.Do(`mutation($input: ReverseInput!) { reverse(input: $input) { transfer { id } } }`,
				map[string]any{"input": map[string]any{"transactionId": strings.Replace(ada, "acc_", "txn_", 1) + "_2",
					"reason": "r", "idempotencyKey": c.key(), "dryRun": true}}))
		})
	}
}

// briefly is a log that is away for a few reads.
type briefly struct {
	graph.Log
	reads *atomic.Int32
}

func (l briefly) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	if l.reads.Add(1) <= 3 {
		return contract.Records{}, errAway
	}
	return l.Log.ReadStream(ctx, r)
}

// TestAPayloadWaitsForWhatIsAway: an account was opened, so its answer has it.
func TestAPayloadWaitsForWhatIsAway(t *testing.T) {
	c := given(t, banktest.Start(t))
	gateway := c.GatewayWith(func(p *server.Parts) { p.Log = briefly{p.Log, new(atomic.Int32)} })
	gateway.Do(`mutation($key: String!) { openAccount(input: {owner: "Ada", currency: "EUR", idempotencyKey: $key}) {
		account { version events { nodes { type } } } } }`, map[string]any{"key": c.key()}).
		Answers(`{openAccount: {account: {version: 1, events: {nodes: [{type: ACCOUNT_OPENED}]}}}}`)
}

func onlyAway(t *testing.T, question string, answer banktest.Answer) {
	t.Helper()
	for _, e := range answer.Errors {
		if e.Extensions["code"] != "UNAVAILABLE" || e.Extensions["retryable"] != true ||
			strings.Contains(fmt.Sprint(e), errAway.Error()) {
			t.Errorf("%s: %+v", question, e)
		}
	}
}

// rootFields are the fields of a type of the schema.
func rootFields(t *testing.T, of string) (names []string) {
	t.Helper()
	text, err := os.ReadFile("../../graph/testdata/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range gqlparser.MustLoadSchema(&ast.Source{Input: string(text)}).Types[of].Fields {
		if !strings.HasPrefix(field.Name, "__") {
			names = append(names, field.Name)
		}
	}
	return names
}
