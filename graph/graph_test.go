package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph/generated"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

var (
	ada       = bank.NewAccountID("ada", "first")
	decidedAt = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)
)

func eur(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "EUR"} }

// desk is the API in front of commands and views that a test makes up.
type desk struct {
	t   *testing.T
	who identity.Principal
	// execute answers commands; asked are those that arrived.
	execute func(contract.Command) (contract.Outcome, error)
	asked   []contract.Command
	batches []contract.CommandBatch
	// account and history answer reads.
	account func(bank.AccountID) (view.Account, error)
	history func(view.Page) (view.Lines, error)
	// hidden are the errors that clients do not see.
	hidden []error

	view.Reader // whatever else a test asks of the views fails it
	schema      *handler.Server
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, who: identity.Principal{Subject: "ada", Roles: []identity.Role{identity.Teller}}}
	hide := func(_ context.Context, err error) string {
		d.hidden = append(d.hidden, err)
		return fmt.Sprintf("id-%d", len(d.hidden))
	}
	resolver := &Resolver{Commands: d, Views: d, Hidden: hide}
	d.schema = handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: resolver, Directives: generated.DirectiveRoot{Authorized: Authorized}}))
	d.schema.AddTransport(transport.POST{})
	d.schema.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error { return Present(ctx, err, hide) })
	return d
}

func (d *desk) Execute(_ context.Context, _ bank.AccountID, c contract.Command) (contract.Outcome, error) {
	d.asked = append(d.asked, c)
	return d.execute(c)
}

func (d *desk) ExecuteBatch(_ context.Context, _ bank.AccountID, batch contract.CommandBatch) ([]contract.Outcome, error) {
	d.batches = append(d.batches, batch)
	var outcomes []contract.Outcome
	for _, c := range batch.Commands {
		outcome, err := d.execute(c)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

func (d *desk) Account(_ context.Context, id bank.AccountID) (view.Account, error) {
	return d.account(id)
}

func (d *desk) History(_ context.Context, _ bank.AccountID, page view.Page) (view.Lines, error) {
	return d.history(page)
}

// answer is a GraphQL answer.
type answer struct {
	Data   map[string]map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// ask sends a request with variables as JSON, "" for none.
func (d *desk) ask(query, variables string) answer {
	d.t.Helper()
	if variables == "" {
		variables = "{}"
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": json.RawMessage(variables)})
	if err != nil {
		d.t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	reply := httptest.NewRecorder()
	d.schema.ServeHTTP(reply, request.WithContext(identity.With(request.Context(), d.who)))
	var got answer
	if err := json.Unmarshal(reply.Body.Bytes(), &got); err != nil {
		d.t.Fatalf("%s: %v", reply.Body, err)
	}
	return got
}

// asTeller is the context of somebody who may read everything.
func asTeller(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Principal{Subject: "tess", Roles: []identity.Role{identity.Teller}})
}
