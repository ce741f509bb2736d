package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/graph/generated"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/server"
	"corebank/server/guard"
)

// lost is a command side that never answers; it signals when its caller is gone.
type lost struct{ began, gone chan struct{} }

func (l lost) Execute(ctx context.Context, _ bank.AccountID, _ contract.Command) (contract.Outcome, error) {
	l.began <- struct{}{}
	<-ctx.Done()
	l.gone <- struct{}{}
	return contract.Outcome{Status: contract.Unknown, Reason: "the caller left"}, nil
}

func (l lost) ExecuteBatch(context.Context, contract.ClearingBatch) ([]contract.Outcome, error) {
	return nil, errors.New("no batch is sent here")
}

// gateway is a gateway without a bank behind it.
func gateway(t *testing.T, parts server.Parts) *victim {
	t.Helper()
	people := identitytest.NewIssuer(t)
	parts.Verify = people.Verifier().Verify
	ready := func(context.Context) contract.Readiness { return contract.Readiness{Ready: true} }
	open := httptest.NewServer(server.Handler(parts, ready))
	t.Cleanup(open.Close)
	account := string(bank.NewAccountID("guard", "ada"))
	return &victim{t: t, token: people.TokenFor("ada", identity.Admin), account: account, at: open.URL}
}

const mutation = `mutation { deposit(input: {accountId: "ACCOUNT", idempotencyKey: "k",
	amount: {value: "1", currency: "EUR"}}) { replayed } }`

func TestAMutationThatTakesTooLongIsUnknown(t *testing.T) {
	l := lost{make(chan struct{}, 1), make(chan struct{}, 1)}
	limits := guard.Limits{MutationTime: 50 * time.Millisecond}
	v := gateway(t, server.Parts{Commands: l, Guard: guard.Config{Limits: limits}})
	if got := query(mutation)(v); !strings.Contains(got.body, `"code":"UNKNOWN_OUTCOME"`) {
		t.Errorf("answered %s", got.body)
	}
}

func TestAClientThatLeavesCancelsItsRequest(t *testing.T) {
	l := lost{make(chan struct{}, 1), make(chan struct{}, 1)}
	v := gateway(t, server.Parts{Commands: l})
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.at+"/graphql",
		strings.NewReader(jsonOf(map[string]string{"query": strings.ReplaceAll(mutation, "ACCOUNT", v.account)})))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+v.token)
	go func() { <-l.began; leave() }()
	if response, err := http.DefaultClient.Do(r); err == nil {
		t.Fatalf("answered %s", response.Status)
	}
	select {
	case <-l.gone:
	case <-time.After(within):
		t.Error("the gateway continued to work for a client that had left")
	}
}

func TestTrustedDocumentsAreAnsweredByTheirHash(t *testing.T) {
	text := "query Kind { __typename }"
	documents := manifest(t, map[string]string{"sha256:" + hashOf(text): text})
	v := gateway(t, server.Parts{Guard: guard.Config{Production: true, TrustedOnly: true, Trusted: documents}})
	hash := hashOf(text)
	extensions := `{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
	subscribe := `{"id":"1","type":"subscribe","payload":{"extensions":` + extensions + `}}`
	for name, send := range map[string]func(*victim) reply{
		"a hash":               body(`{"extensions":` + extensions + `}`),
		"a hash with its text": body(`{"query":"` + text + `","extensions":` + extensions + `}`),
		"a document id":        body(`{"documentId":"` + hash + `"}`),
		"an id with its algorithm": body(`{"documentId":"sha256:` + hash + `",` +
			`"operationName":"Kind","extensions":{"x":1}}`),
		"a hash by GET":              sending("GET", "/graphql?extensions="+url.QueryEscape(extensions), ""),
		"a document id by GET":       sending("GET", "/graphql?documentId=sha256%3A"+hash, ""),
		"a hash on a websocket":      socket("", initiate, subscribe),
		"an id with null extensions": body(`{"documentId":"` + hash + `","extensions":null}`),
	} {
		if got := send(v); !strings.Contains(got.body, `{"__typename":"Query"}`) {
			t.Errorf("%s is answered with %d %s", name, got.status, got.body)
		}
	}
}

func TestPersistedQueriesAreKept(t *testing.T) {
	v := gateway(t, server.Parts{})
	text := "{ __typename }"
	persisted := `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(text) + `"}}`
	for i, step := range []struct{ body, contains string }{
		{`{` + persisted + `}`, guard.CodeNotFound},
		{`{"query":"` + text + `",` + persisted + `}`, `"Query"`},
		{`{` + persisted + `}`, `"Query"`},
	} {
		if got := v.post(step.body); !strings.Contains(got.body, step.contains) {
			t.Errorf("step %d is answered with %s", i, got.body)
		}
	}
}

func TestManifestsAreReadWithCare(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	deep, unknown := nested(24), "{ nothing }"
	for name, test := range map[string]struct{ text, contains string }{
		"no JSON":                {"{", "want one JSON object"},
		"a list":                 {"[]", "want one JSON object"},
		"nothing":                {"{}", "lists no document"},
		"another hash":           {`{"abc": "{ __typename }"}`, "its SHA-256 is " + hashOf("{ __typename }")},
		"a document too deep":    {jsonOf(map[string]string{hashOf(deep): deep}), "24 levels"},
		"one the schema has not": {jsonOf(map[string]string{hashOf(unknown): unknown}), `Cannot query field "nothing"`},
	} {
		path := filepath.Join(t.TempDir(), "manifest.json")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := guard.ReadDocuments(path, schema, guard.Limits{})
		if message := fmt.Sprint(err); !strings.Contains(message, test.contains) || !strings.Contains(message, path) {
			t.Errorf("%s: %v, want %q and the path", name, err, test.contains)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := guard.ReadDocuments(missing, schema, guard.Limits{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing manifest: %v", err)
	}
}

func TestProductionMayTellItsSchema(t *testing.T) {
	v := gateway(t, server.Parts{Guard: guard.Config{Production: true, Introspection: true}})
	if got := v.ask("{ __schema { queryType { name } } }"); !strings.Contains(got.body, `"Query"`) {
		t.Errorf("answered %s", got.body)
	}
}

func TestTransportSecurityIsAskedForWhereItIs(t *testing.T) {
	const header = "Strict-Transport-Security"
	local := gateway(t, server.Parts{})
	if got := local.send("GET", "/", http.NoBody); got.header.Get(header) != "" || got.status != http.StatusOK {
		t.Errorf("over plain HTTP: %d, %v", got.status, got.header)
	}
	if got := local.send("GET", "/", http.NoBody, "X-Forwarded-Proto", "https"); got.header.Get(header) == "" {
		t.Errorf("behind a proxy with TLS: %v", got.header)
	}
	strict := gateway(t, server.Parts{Guard: guard.Config{Production: true}})
	if got := strict.send("GET", "/graphql?query={__typename}", http.NoBody); got.header.Get(header) == "" {
		t.Errorf("in production: %v", got.header)
	}
}

func TestHostsAreKnownByName(t *testing.T) {
	v := gateway(t, server.Parts{Guard: guard.Config{Loopback: true, Hosts: []string{"bank.example"}}})
	for host, known := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "127.0.0.1:1": true, "127.9.9.9": true,
		"[::1]:8080": true, "[::1]": true,
		"bank.example": true, "Bank.Example:443": true, "bank.example.": true,
		"example": false, "xbank.example": false, "10.0.0.1": false, "0.0.0.0": false, "localhost.evil.example": false,
	} {
		got := v.send("GET", "/healthz", http.NoBody, "Host", host)
		if is := got.status == http.StatusOK; is != known {
			t.Errorf("%s is answered with %d %s", host, got.status, got.body)
		}
	}
}

// TestLogsContainNothingOfRequests: an error is logged under the id that the client
// receives, without anything that the client sent.
func TestLogsContainNothingOfRequests(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	v := gateway(t, server.Parts{}) // its resolvers panic
	named := strings.Replace(account, "query(", "query "+mark+"(", 1)
	got := v.post(jsonOf(map[string]any{"query": named, "variables": map[string]any{"id": v.account}}), "Cookie", mark)
	_, after, found := strings.Cut(got.body, `"id":"`)
	id, _, _ := strings.Cut(after, `"`)
	if !found || !strings.Contains(log.String(), "id="+id) {
		t.Errorf("answered %s, logged %.500s", got.body, log.String())
	}
	query("{ " + mark + " }")(v)
	body(mark)(v)
	v.post(jsonOf(map[string]any{"query": "{ systemStatus { head } }"}), "Authorization", "Bearer "+mark)
	if strings.Contains(log.String(), mark) {
		t.Errorf("logged %s", log.String())
	}
}
