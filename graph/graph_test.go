package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
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

// desk is the API in front of commands and views that a test defines.
type desk struct {
	t      *testing.T
	caller identity.Principal
	// execute answers commands; asked are the commands that arrived.
	execute func(contract.Command) (contract.Outcome, error)
	asked   []contract.Command
	// account and history answer reads.
	account func(bank.AccountID) (view.Account, error)
	history func(view.Page) (view.Lines, error)
	// dead is what every read of the log fails with.
	dead error
	// hidden are the errors that clients do not see.
	hidden []error

	view.Reader // nil: any other read fails the test
	schema      *handler.Server
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, caller: identity.Principal{Subject: "ada", Roles: []identity.Role{identity.Teller}}}
	hide := func(_ context.Context, err error) string {
		d.hidden = append(d.hidden, err)
		return fmt.Sprintf("id-%d", len(d.hidden))
	}
	resolver := NewResolver(Resolver{Commands: d, Views: d, Log: deadLog{d}, Hidden: hide})
	d.schema = handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: resolver,
		Directives: generated.DirectiveRoot{Authorized: Authorized}}))
	d.schema.AddTransport(transport.POST{})
	d.schema.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		return Present(ctx, err, hide)
	})
	return d
}

func (d *desk) Execute(_ context.Context, _ bank.AccountID, c contract.Command) (contract.Outcome, error) {
	d.asked = append(d.asked, c)
	return d.execute(c)
}

func (d *desk) ExecuteBatch(_ context.Context, batch contract.ClearingBatch) ([]contract.Outcome, error) {
	var outcomes []contract.Outcome
	for _, c := range batch.Batch.Commands {
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

func (d *desk) Checkpoint(context.Context) (int64, error) { return 0, nil }

// deadLog is a log that cannot be read.
type deadLog struct{ desk *desk }

func (l deadLog) Status(context.Context) (s contract.LogStatus, err error) { return s, l.desk.dead }

func (l deadLog) ReadStream(context.Context, contract.ReadStreamRequest) (r contract.Records, err error) {
	return r, l.desk.dead
}

func (l deadLog) ReadAll(context.Context, contract.ReadAllRequest) (r contract.Records, err error) {
	return r, l.desk.dead
}

func (l deadLog) FindKeys(context.Context, contract.FindKeysRequest) (r contract.Records, err error) {
	return r, l.desk.dead
}

// answer is a GraphQL answer.
type answer struct {
	Data   map[string]map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}

	desk *desk
}

// answers checks that the request succeeded with exactly this data, as JSON.
func (a answer) answers(want string, arguments ...any) {
	a.desk.t.Helper()
	var data map[string]map[string]any
	if err := json.Unmarshal(fmt.Appendf(nil, want, arguments...), &data); err != nil {
		a.desk.t.Fatalf("%s: %v", want, err)
	}
	if len(a.Errors) > 0 || !reflect.DeepEqual(a.Data, data) {
		a.desk.t.Errorf("answered\n%v, %+v; want\n%v", a.Data, a.Errors, data)
	}
}

// fails checks that the request failed with exactly one error with these
// extensions, and that an error was hidden if and only if it is an INTERNAL one.
// It returns the error's path, with that of the argument if there is one, and its
// message.
func (a answer) fails(extensions map[string]any) (path, message string) {
	a.desk.t.Helper()
	var argument any
	if len(a.Errors) == 1 {
		argument = a.Errors[0].Extensions["argument"]
		delete(a.Errors[0].Extensions, "argument")
	}
	if len(a.Errors) != 1 || !maps.Equal(a.Errors[0].Extensions, extensions) {
		a.desk.t.Fatalf("answered %v, %+v; want one error with %v", a.Data, a.Errors, extensions)
	}
	if hidden := len(a.desk.hidden) > 0; hidden != (extensions["code"] == CodeInternal) {
		a.desk.t.Errorf("hid %v of an answer with %v", a.desk.hidden, extensions)
	}
	path = strings.Trim(fmt.Sprint(a.Errors[0].Path), "[]")
	if argument != nil {
		path += ": " + strings.Trim(fmt.Sprint(argument), "[]")
	}
	return path, a.Errors[0].Message
}

// refusesInput checks that an error is a fault BAD_USER_INPUT with this text in its
// message.
func refusesInput(t *testing.T, err error, message string) {
	t.Helper()
	var fault *Fault
	if !errors.As(err, &fault) || fault.Code != CodeBadInput || !strings.Contains(fault.Message, message) {
		t.Errorf("error %v, want %s with %q", err, CodeBadInput, message)
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
	d.schema.ServeHTTP(reply, request.WithContext(identity.With(request.Context(), d.caller)))
	got := answer{desk: d}
	if err := json.Unmarshal(reply.Body.Bytes(), &got); err != nil {
		d.t.Fatalf("%s: %v", reply.Body, err)
	}
	return got
}

// asTeller is the context of a caller who may read everything.
func asTeller(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Principal{Subject: "tess", Roles: []identity.Role{identity.Teller}})
}
