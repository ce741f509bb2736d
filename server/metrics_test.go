package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"corebank/check/banktest"
	"corebank/internal/identity"
	"corebank/internal/metrics"
	"corebank/server"
	"corebank/server/guard"
)

// measuredGateway is a gateway of a bank, and what it counts.
func measuredGateway(t *testing.T) (*banktest.Bank, *banktest.Client, *metrics.Endpoint) {
	bank := banktest.Start(t)
	counted := server.NewMetrics()
	endpoint := metrics.New(nil, prometheus.Labels{"app": "server"})
	endpoint.Add(counted.Collectors()...)
	client := bank.GatewayWith(func(parts *server.Parts) { parts.Metrics, parts.Guard = counted, guard.Config{} })
	return bank, client, endpoint
}

// value is the sum of the series of a metric that have all labels; a histogram counts its observations.
func value(t *testing.T, from prometheus.Gatherer, name string, labels ...string) (sum float64) {
	t.Helper()
	found := false
	for _, series := range gathered(t, from) {
		if !strings.HasPrefix(series.name, name+"{") {
			continue
		}
		fits := true
		for _, label := range labels {
			fits = fits && strings.Contains(series.name, label)
		}
		if fits {
			found, sum = true, sum+series.value
		}
	}
	if !found {
		t.Errorf("there is no %s with %q", name, labels)
	}
	return sum
}

type series struct {
	name  string
	value float64
}

func gathered(t *testing.T, from prometheus.Gatherer) (all []series) {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, one := range family.Metric {
			var labels []string
			for _, pair := range one.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", pair.GetName(), pair.GetValue()))
			}
			all = append(all, series{family.GetName() + "{" + strings.Join(labels, ",") + "}",
				one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())})
		}
	}
	return all
}

func names(all []series) (names map[string]bool) {
	names = make(map[string]bool, len(all))
	for _, one := range all {
		names[one.name] = true
	}
	return names
}

// TestGatewayCountsWhatItAnswers: by field, by what became of the command, and by the code of a refusal or an error.
func TestGatewayCountsWhatItAnswers(t *testing.T) {
	_, client, endpoint := measuredGateway(t)
	account := client.Open("account")
	client.Deposit(account, "10.00", "EUR", "deposit")
	client.Withdraw(account, "11.00", "EUR", "withdrawal")
	client.Do(`{ first: account(id: "`+account+`") { id } second: accounts(first: 1000000) { edges { cursor } } }`, nil)
	client.Do(`{ nothing }`, nil)
	feed := client.Dial()
	for _, ended := range []string{`accountUpdated(id: "none") { id }`, `transactionFeed(heartbeatSeconds: 0) { cursor }`,
		`transactions(after: "cG9zaXRpb246OTk5") { cursor }`} {
		feed.Ask("1", `subscription { `+ended+` }`, nil)
		if kind, _ := feed.Next(nil); kind != "error" {
			t.Errorf("%s is answered with %s", ended, kind)
		}
	}
	for _, want := range []struct {
		name   string
		labels []string
		value  float64
	}{
		{"corebank_graphql_seconds", []string{`kind="mutation"`, `field="deposit"`}, 1},
		{"corebank_graphql_seconds", []string{`kind="query"`, `field="account"`}, 1},
		{"corebank_graphql_commands_total", []string{`field="deposit"`, `status="applied"`}, 1},
		{"corebank_graphql_commands_total", []string{`field="withdraw"`, `status="refused"`}, 1},
		{"corebank_graphql_refusals_total", []string{`field="withdraw"`, `code="INSUFFICIENT_FUNDS"`}, 1},
		{"corebank_graphql_refusals_total", nil, 1},
		{"corebank_graphql_errors_total", []string{`field="accounts"`, `code="BAD_USER_INPUT"`}, 1},
		{"corebank_graphql_errors_total", nil, 1},
		{"corebank_graphql_rejected_total", []string{`code="GRAPHQL_VALIDATION_FAILED"`}, 1},
		{"corebank_graphql_rejected_total", []string{`code="NOT_FOUND"`}, 1},
		{"corebank_graphql_rejected_total", []string{`code="BAD_USER_INPUT"`}, 1},
		{"corebank_graphql_rejected_total", []string{`code="CURSOR_INVALID"`}, 1},
	} {
		if got := value(t, endpoint, want.name, want.labels...); got != want.value {
			t.Errorf("%s%q is %v, want %v", want.name, want.labels, got, want.value)
		}
	}
}

// TestNothingThatClientsSendBecomesASeries: operation names, aliases, accounts, callers, keys and unknown fields.
func TestNothingThatClientsSendBecomesASeries(t *testing.T) {
	bank, client, endpoint := measuredGateway(t)
	before := names(gathered(t, endpoint))
	for i := range 200 {
		someone := client.With(bank.People.TokenFor(fmt.Sprintf("customer-%d", i), identity.Customer))
		someone.Do(fmt.Sprintf(`query Operation%d { alias%d: account(id: "acc-%d") { id } __typename }`, i, i, i), nil)
		someone.Do(fmt.Sprintf(`mutation M%d { a%d: deposit(input: {accountId: "acc-%d", amount: {value: "1",
			currency: "E%02d"}, idempotencyKey: "key-%d"}) { replayed } }`, i, i, i, i%100, i), nil)
		someone.Do(fmt.Sprintf(`subscription S%d { nothing%d }`, i, i), nil)
		someone.Do(fmt.Sprintf(`query { f%d }`, i), nil)
	}
	after := names(gathered(t, endpoint))
	for name := range after {
		if !before[name] {
			t.Errorf("there is a new series %s", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d series before, %d after", len(before), len(after))
	}
	if got := value(t, endpoint, "corebank_graphql_seconds"); got < 400 {
		t.Errorf("only %v operations were counted", got)
	}
}

// TestGatewayCountsWhatItRefusesUnread: guard, rules of HTTP and tokens refuse before an operation.
func TestGatewayCountsWhatItRefusesUnread(t *testing.T) {
	_, client, endpoint := measuredGateway(t)
	send := func(method, body string, change func(http.Header)) {
		t.Helper()
		request, err := http.NewRequest(method, client.URL+"/graphql", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+client.Token)
		request.Header.Set("Content-Type", "application/json")
		change(request.Header)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	const query = `{"query": "{ __typename }"}`
	for code, of := range map[string]struct {
		method, body string
		change       func(http.Header)
	}{
		"METHOD_NOT_ALLOWED":     {http.MethodPut, query, func(http.Header) {}},
		"UNSUPPORTED_MEDIA_TYPE": {http.MethodPost, query, func(h http.Header) { h.Set("Content-Type", "text/plain") }},
		"NOT_ACCEPTABLE":         {http.MethodPost, query, func(h http.Header) { h.Set("Accept", "image/png") }},
		"BAD_REQUEST":            {http.MethodPost, query, func(h http.Header) { h.Add("Authorization", "Bearer x") }},
		"CROSS_ORIGIN_FORBIDDEN": {http.MethodPost, query, func(h http.Header) { h.Set("Origin", "https://a.example") }},
		"UNAUTHENTICATED":        {http.MethodPost, query, func(h http.Header) { h.Set("Authorization", "Bearer x") }},
		"REQUEST_LIMIT_EXCEEDED": {http.MethodPost, strings.Repeat(" ", 2<<20), func(http.Header) {}},
	} {
		send(of.method, of.body, of.change)
		if got := value(t, endpoint, "corebank_graphql_rejected_total", fmt.Sprintf("code=%q", code)); got != 1 {
			t.Errorf("%s is counted %v times", code, got)
		}
	}
	refused := value(t, endpoint, "corebank_graphql_rejected_total")
	send(http.MethodPost, query, func(http.Header) {})
	if after := value(t, endpoint, "corebank_graphql_rejected_total"); after != refused {
		t.Errorf("a good request counts as rejected: %v, and %v before", after, refused)
	}
}
