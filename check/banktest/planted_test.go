package banktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"corebank/check/banktest"
	"corebank/graph/generated"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/tracing"
	"corebank/internal/tracing/tracingtest"
	"corebank/server"
)

// planted begins every text of a customer or a client in the story below: owners,
// names, references, memos, reasons, external ids, metadata, keys, subjects.
const planted = "planted"

// journal is a log that a test reads.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) lines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Split(strings.TrimSpace(j.text.String()), "\n")
}

// story is a bank in which everything that people write is planted.
type story struct {
	*scenario
	log                *journal
	spans              *tracingtest.Spans
	disks              *banktest.Disks
	ada                *banktest.Client
	own, other, hold   string
	transaction, token string
}

// begin starts the bank with its log at the finest level, and all traces.
func begin(t *testing.T) *story {
	s := &story{log: &journal{}, spans: tracingtest.Record(t, sdktrace.AlwaysSample()), disks: banktest.NewDisks(t, 1)}
	t.Cleanup(func() {
		if t.Failed() {
			lines := s.log.lines()
			t.Log("the end of the log:\n" + strings.Join(lines[max(0, len(lines)-12):], "\n"))
		}
	})
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	log := tracing.NewLog(s.log, true, slog.LevelDebug)
	slog.SetDefault(log)
	s.disks.LogTo(log)
	s.start(t)
	s.own, s.other = s.account(planted+"-sub-ada", "1"), s.account(planted+"-sub-bob", "2")
	s.transaction = s.Must("deposit", s.money(s.own, "900.00")).Transaction.ID
	s.hold = s.Must("placeHold", s.money(s.own, "5.00")).Hold.ID
	return s
}

func (s *story) start(t *testing.T) {
	s.scenario = given(t, banktest.StartOnDisks(t, s.disks))
	s.ada = s.As(planted+"-sub-ada", identity.Customer)
	s.token = s.ada.Token
}

// next is a key that was not used before.
func (s *story) next() string { s.keys++; return planted + "-key-" + strings.Repeat("i", s.keys) }

func (s *story) account(owner, n string) string {
	return s.Must("openAccount", map[string]any{"owner": owner, "currency": "EUR", "name": planted + "-name",
		"externalId": planted + "-account-" + n, "idempotencyKey": s.next(),
		"metadata": []any{map[string]any{"key": planted + "-entry", "value": planted + "-value"}}}).Account.ID
}

func (s *story) money(id, value string) map[string]any {
	return map[string]any{"accountId": id, "amount": banktest.EUR(value), "idempotencyKey": s.next(),
		"reference": planted + "-reference", "memo": planted + "-memo", "externalId": planted + "-payment"}
}

// inputs are one input for every mutation, in an order in which all are accepted.
func (s *story) inputs() []mutationInput {
	about := func(more map[string]any) map[string]any {
		input := map[string]any{"accountId": s.own, "idempotencyKey": s.next(), "reason": planted + "-reason"}
		maps.Copy(input, more)
		maps.DeleteFunc(input, func(_ string, value any) bool { return value == nil })
		return input
	}
	details := map[string]any{"reference": planted + "-reference", "memo": planted + "-memo"}
	leg := func(id, direction string) map[string]any {
		return with(with(map[string]any{"accountId": id, "direction": direction, "amount": banktest.EUR("1.00")},
			"reference", details["reference"]), "memo", details["memo"])
	}
	hold := map[string]any{"accountId": nil, "holdId": s.hold, "reason": nil}
	transfer := with(with(s.money(s.own, "1.00"), "fromAccountId", s.own), "toAccountId", s.other)
	delete(transfer, "accountId")
	return []mutationInput{
		{"openAccount", map[string]any{"owner": planted + "-sub-ada", "currency": "EUR", "name": planted + "-name",
			"idempotencyKey": s.next()}},
		{"updateAccount", about(map[string]any{"reason": nil, "name": planted + "-name",
			"metadata": []any{map[string]any{"key": planted, "value": planted}}})},
		{"deposit", s.money(s.own, "2.00")}, {"withdraw", s.money(s.own, "1.00")}, {"transfer", transfer},
		{"placeHold", s.money(s.own, "1.00")},
		{"adjustHold", about(with(hold, "amount", banktest.EUR("6.00")))},
		{"captureHold", about(with(with(hold, "amount", banktest.EUR("1.00")), "memo", planted))},
		{"releaseHold", about(with(hold, "reason", planted))},
		{"setLimits", about(map[string]any{"reason": nil, "debitPerDay": banktest.EUR("5000")})},
		{"postTransaction", map[string]any{"idempotencyKey": s.next(),
			"legs": []any{leg(s.own, "DEBIT"), leg(s.other, "CREDIT")}}},
		{"reverse", about(map[string]any{"accountId": nil, "transactionId": s.transaction, "amount": banktest.EUR("1")})},
		{"freezeAccount", about(map[string]any{"scope": "BOTH"})}, {"unfreezeAccount", about(nil)},
		{"closeAccount", about(nil)},
	}
}

type mutationInput struct {
	name  string
	input map[string]any
}

// ask sends a mutation as a client, whatever the answer is.
func ask(c *banktest.Client, m mutationInput) {
	kind := strings.ToUpper(m.name[:1]) + m.name[1:]
	_, _ = c.Send(`mutation($input: `+kind+`Input!) { `+m.name+`(input: $input) { __typename userErrors { message } } }`,
		map[string]any{"input": m.input})
}

// everybody sends each mutation in each of its ways: tried, done, repeated, changed,
// in a batch, by a stranger, and without a good token.
func (s *story) everybody() {
	stranger, no := s.As(planted+"-sub-eve", identity.Customer), s.With(planted+".token."+s.token)
	for _, m := range s.inputs() {
		ask(s.ada, mutationInput{m.name, with(m.input, "dryRun", true)})
		ask(s.Client, m)
		ask(s.Client, m)
		ask(s.Client, mutationInput{m.name, with(m.input, "memo", planted+" changed")})
		ask(stranger, m)
		ask(no, m)
		item := with(m.input, "idempotencyKey", s.next())
		for _, atomic := range []bool{true, false} {
			ask(s.ada, mutationInput{"postBatch", map[string]any{"atomic": atomic, "items": []any{
				map[string]any{m.name: item}, map[string]any{"withdraw": s.money(s.own, "99999.00")}}}})
		}
	}
}

// broken sends what cannot be taken, over HTTP and over a websocket.
func (s *story) broken() {
	deposit := func(change string, value any) {
		ask(s.ada, mutationInput{"deposit", with(s.money(s.own, "1"), change, value)})
	}
	deposit("amount", map[string]any{"value": planted, "currency": "EUR"})
	deposit("amount", map[string]any{"value": "1.00", "currency": "planted"})
	deposit("accountId", planted)
	deposit("memo", strings.Repeat(planted, 200))
	deposit(planted, planted)
	deposit("idempotencyKey", strings.Repeat(planted, 99))
	deposit("effectiveAt", planted)
	for _, query := range append(asked(planted), `{ account(id: "planted") { id } }`, `{ planted }`,
		`{ accountByExternalId(externalId: `,
		`{ accountByExternalId(externalId: "planted-account-1") { id } }`,
		`{ accounts(filter: {owner: "planted-sub-ada"}) { nodes { id } } }`,
		`{ history(accountId: "`+s.own+`", filter: {reference: "planted-reference"}) { nodes { memo } } }`,
		`{ commandStatus(accountId: "`+s.own+`", idempotencyKey: "planted-key-i") { state } }`,
		`mutation planted { planted(input: {memo: "planted"}) { id } }`, strings.Repeat("planted", 1000)) {
		_, _ = s.ada.Send(query, nil)
		for _, change := range []func(*server.Parts){
			func(p *server.Parts) { p.Views = noViews{p.Views, false} }, func(p *server.Parts) { p.Log = noLog{p.Log} },
			func(p *server.Parts) { p.Commands = noCommands{} }} {
			away := s.GatewayWith(change)
			_, _ = away.With(s.token).Send(query, nil)
			ask(away, mutationInput{"deposit", s.money(s.own, "1.00")})
		}
	}
	for _, body := range []string{planted, `{"query": "planted`, `{"planted": 1, "planted": 2}`, `["planted"]`} {
		request, err := http.NewRequest(http.MethodPost, s.URL+"/graphql?planted="+planted, strings.NewReader(body))
		if err != nil {
			s.t.Fatal(err)
		}
		request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + s.token},
			"Traceparent": {planted}, "X-Request-Id": {planted + "@" + planted}, "Planted": {planted}}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
		}
	}
	socket := s.ada.Dial()
	socket.Ask("1", `subscription($p: ID!) { transactionFeed(accountId: $p) { cursor } }`, map[string]any{"p": planted})
	socket.Next(nil)
	socket.Ask("2", `mutation($in: DepositInput!) { deposit(input: $in) { userErrors { message } } }`,
		map[string]any{"in": s.money(s.own, "1.00")})
	socket.Next(nil)
}

// asked are all questions about an id.
func asked(id string) (queries []string) {
	for _, name := range slices.Sorted(maps.Keys(questions)) {
		for _, question := range questions[name] {
			queries = append(queries, "{"+strings.NewReplacer("ACCOUNT", id, "HOLD", id, `"x"`, `"planted"`, `"k"`,
				`"planted"`).Replace(question)+"}")
		}
	}
	return queries
}

// noCommands is a way to the actors on which everything fails.
type noCommands struct{}

func (noCommands) Execute(context.Context, bank.AccountID, contract.Command) (o contract.Outcome, err error) {
	return o, errAway
}

func (noCommands) ExecuteBatch(context.Context, contract.ClearingBatch) (o []contract.Outcome, err error) {
	return o, errAway
}

// poison stores records that no build can read, and starts the bank again.
func (s *story) poison(t *testing.T) {
	s.Settle()
	s.Stop()
	for _, data := range []string{`{"newer":"planted"}`, `{"amount":"planted"}`, `{"amount":{"minor":"planted"}}`,
		`{"effectiveAt":"planted"}`, `{"memo":["planted"]}`, `{"metadata":{"planted":1}}`} {
		log := s.Log.Open()
		head, err := log.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		version, err := log.StreamVersion(t.Context(), bank.AccountID(s.other))
		if err != nil {
			t.Fatal(err)
		}
		r := contract.Record{Position: head + 1, Account: bank.AccountID(s.other), Version: version + 1, At: time.Now().UTC(),
			Type: "money-deposited", Schema: 2, Key: s.next(), Caller: planted, Data: json.RawMessage(data)}
		if err := log.Commit(t.Context(), []contract.Record{r}, nil); err != nil {
			t.Fatal(err)
		}
		s.start(t)
		ask(s.Client, mutationInput{"deposit", s.money(s.other, "1.00")})
		s.Stop()
	}
	s.start(t)
}

// TestNoPersonalDataIsLoggedOrTraced: nothing that a customer or a client wrote is in
// a line of the log at its finest level, or in a span, whatever was asked and whatever
// went wrong; and nothing of a trace is in what is stored.
func TestNoPersonalDataIsLoggedOrTraced(t *testing.T) {
	s := begin(t)
	mutations := []string{"postBatch"}
	for _, m := range s.inputs() {
		mutations = append(mutations, m.name)
	}
	for _, field := range generated.NewExecutableSchema(generated.Config{}).Schema().Mutation.Fields {
		if !slices.Contains(mutations, field.Name) {
			t.Errorf("%s is not in this story; add its input", field.Name)
		}
	}
	s.everybody()
	s.broken()
	s.Halt("the disk is nearly full")
	ask(s.ada, mutationInput{"deposit", s.money(s.own, "1.00")})
	s.Halt("")
	s.poison(t)
	s.Settle()
	s.Stop()

	secret := s.token[strings.LastIndex(s.token, ".")+1:]
	leaks := func(text string) bool {
		return strings.Contains(strings.ToLower(text), planted) || strings.Contains(text, secret)
	}
	messages := make(map[string]bool)
	for _, line := range s.log.lines() {
		var one struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if messages[one.Msg] = true; leaks(line) {
			t.Errorf("logged: %s", line)
		}
	}
	for _, wanted := range []string{"request failed", "turn gave up", "a request was answered",
		"an account's view is quarantined; fix the cause, then run corebank replay"} {
		if !messages[wanted] {
			t.Errorf("%q was not logged: the story does not cover it", wanted)
		}
	}
	names := make(map[string]bool)
	for _, span := range s.spans.All() {
		if names[span.Name] = true; leaks(written(t, span)) {
			t.Errorf("traced: %s", written(t, span))
		}
	}
	if len(names) < 10 {
		t.Errorf("only %v were traced", slices.Collect(maps.Keys(names)))
	}
	s.nothingOfTracesIsStored(t)
}

// written is all that is exported of a span.
func written(t *testing.T, span tracetest.SpanStub) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"name": span.Name, "attributes": span.Attributes, "events": span.Events,
		"status": span.Status, "links": span.Links, "state": span.SpanContext.TraceState().String()})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// nothingOfTracesIsStored: the log is as it is without traces.
func (s *story) nothingOfTracesIsStored(t *testing.T) {
	log := s.Log.Open()
	if _, err := log.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	records, err := log.ReadAll(t.Context(), 0, 10_000)
	if err != nil || len(records) < 20 {
		t.Fatalf("%d records: %v", len(records), err)
	}
	traces := make(map[string]bool)
	for _, span := range s.spans.All() {
		traces[span.SpanContext.TraceID().String()] = true
	}
	for _, r := range records {
		text, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for trace := range traces {
			if bytes.Contains(text, []byte(trace)) {
				t.Errorf("stored: %s", text)
			}
		}
	}
}
