package guard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/golden"
	"corebank/internal/identity"
	"corebank/server"
	"corebank/server/guard"
)

const abusePage = "../../docs/abuse.md"

// mark is in the text of attacks, to find how much of it comes back.
const mark = "zzMalloryzz"

// An attack is one way to abuse the gateway, and the answer that it must get.
type attack struct {
	name string
	at   string // which gateway, "" for that of development
	send func(v *victim) reply
	// The answer: an HTTP status if the guard sets it, a code in the extensions or
	// userErrors, "" for an ordinary answer or none at all, and a part of the body.
	status   int
	code     string
	contains string
	// once is for an attack that has another result when it is sent again.
	once bool
}

// A reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// victim is a bank with gateways of several kinds.
type victim struct {
	t        testing.TB
	account  string
	gateways map[string]string // name → URL
	at       string            // URL of the attacked gateway
	token    string            // the attacker's, who may do everything
	attempts int
}

// The gateways that are attacked.
const (
	production = "production"
	trusted    = "trusted only"
	limited    = "low rates"
	address    = "low rate per address"
	slow       = "short times"
	loopback   = "loopback"
	broken     = "broken"
)

func newVictim(t *testing.T) *victim {
	b := banktest.Start(t)
	v := &victim{t: t, account: b.Open("ada"), gateways: map[string]string{"": b.URL}}
	v.token = b.People.TokenFor("mallory", identity.Admin)
	for i := range 120 {
		b.Deposit(v.account, "1.00", "EUR", fmt.Sprint("d", i))
	}
	b.Settle()
	allowed := manifest(t, map[string]string{hashOf(statusQuery): statusQuery})
	for name, strict := range map[string]guard.Config{
		production: {Production: true},
		trusted:    {Production: true, TrustedOnly: true, Trusted: allowed},
		limited:    {Limits: guard.Limits{Cost: 500}, Rates: guard.Rates{PerPrincipal: 100}},
		address:    {Limits: guard.Limits{Cost: 500}, Rates: guard.Rates{PerAddress: 100}},
		slow:       {Limits: guard.Limits{BodyTime: 200 * time.Millisecond, QueryTime: 300 * time.Millisecond}},
		loopback:   {Loopback: true, Hosts: []string{"bank.example"}},
	} {
		v.gateways[name] = b.Gateway(strict).URL
	}
	// Without a bank behind it, every resolver panics.
	empty := httptest.NewServer(server.Handler(server.Parts{Verify: b.People.Verifier().Verify}, nil))
	t.Cleanup(empty.Close)
	v.gateways[broken] = empty.URL
	return v
}

// measured is what an attack cost this process, the attacker's part included.
type measured struct {
	attack
	processor time.Duration
	bytes     uint64
	answered  reply
}

//go:generate env GENERATE=1 go test -count=1 -run TestAbuseIsCheap .

// TestAbuseIsCheap sends every attack that we know to the whole gateway: each is
// answered as it should be, repeats little of what was sent, and costs little.
func TestAbuseIsCheap(t *testing.T) {
	v := newVictim(t)
	attacks := slices.Concat(sizes(), shapes(), lists(), values(), texts(), overHTTP(), documents(), floods(), sockets())
	if len(attacks) < 40 {
		t.Fatalf("only %d attacks", len(attacks))
	}
	var table []measured
	seen := make(map[string]bool)
	for _, a := range attacks {
		if seen[a.name] {
			t.Errorf("%s is listed twice", a.name)
		}
		seen[a.name] = true
		t.Run(a.name, func(t *testing.T) {
			v.t, v.at = t, v.gateways[a.at]
			m := v.measure(a)
			checkReply(t, m)
			table = append(table, m)
			t.Logf("%-60s %d %-28s %10s %8d KiB",
				a.name, m.answered.status, a.code, m.processor.Round(10*time.Microsecond), m.bytes>>10)
		})
	}
	v.t, v.at = t, v.gateways[""]
	got := v.ask(`{ balance(accountId: "` + v.account + `") { current { value } } }`)
	if !strings.Contains(got.body, `"120.00"`) {
		t.Errorf("after all attacks the balance is %.300s", got.body)
	}
	if !t.Failed() {
		checkPage(t, table)
	}
}

// measure sends an attack a few times and takes the cheapest, to leave out what
// else this process did meanwhile.
func (v *victim) measure(a attack) measured {
	times := 3
	if a.once {
		times = 1
	}
	m := measured{attack: a, processor: time.Hour, bytes: 1 << 62}
	var before, after runtime.MemStats
	for range times {
		runtime.ReadMemStats(&before)
		from := processorTime()
		m.answered = a.send(v)
		m.processor = min(m.processor, processorTime()-from)
		runtime.ReadMemStats(&after)
		m.bytes = min(m.bytes, after.TotalAlloc-before.TotalAlloc)
	}
	return m
}

// Limits of what an attack may cost and of what its response may contain. The time
// is generous: the race detector and a busy machine multiply it.
const (
	maxProcessor = 4 * time.Second
	maxBytes     = 64 << 20
	maxBody      = 64 << 10
	maxEcho      = 2000
)

func checkReply(t *testing.T, m measured) {
	t.Helper()
	got := m.answered
	if m.status != 0 && got.status != m.status {
		t.Errorf("status %d, want %d: %.300s", got.status, m.status, got.body)
	}
	if m.code != "" && !strings.Contains(got.body, `"code":"`+m.code+`"`) {
		t.Errorf("answered %.400s, want the code %s", got.body, m.code)
	}
	if m.code == "" && strings.Contains(got.body, `"errors":[{`) && got.status == http.StatusOK {
		t.Errorf("answered %.400s, want no error", got.body)
	}
	if !strings.Contains(got.body, m.contains) {
		t.Errorf("answered %.400s, want %q in it", got.body, m.contains)
	}
	if n := strings.Count(got.body, mark) * len(mark); n > maxEcho || m.code != "" && len(got.body) > maxBody {
		t.Errorf("%d bytes came back, %d of them the attacker's", len(got.body), n)
	}
	if m.processor > maxProcessor || m.bytes > maxBytes {
		t.Errorf("it cost %s and %d bytes", m.processor, m.bytes)
	}
	for _, leak := range []string{"goroutine", "runtime error", "/server/", "/graph/", "sql:", "mongo", "grpc"} {
		if strings.Contains(got.body, leak) {
			t.Errorf("the answer shows %q, an internal: %.400s", leak, got.body)
		}
	}
	checkHeaders(t, got)
}

// checkHeaders checks the security headers. Only an answer to what is not yet a
// request has none.
func checkHeaders(t *testing.T, got reply) {
	t.Helper()
	if got.header == nil {
		return
	}
	for _, name := range []string{
		"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
		"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control",
	} {
		if got.header.Get(name) == "" {
			t.Errorf("status %d without %s", got.status, name)
		}
	}
	for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
		if got.header.Get(name) != "" {
			t.Errorf("%s: %s", name, got.header.Get(name))
		}
	}
}

// class rounds a cost, so that the page does not change with every machine.
func class(took time.Duration) string {
	for _, milliseconds := range []time.Duration{1, 5, 20, 100} {
		if limit := milliseconds * time.Millisecond; took < limit {
			return "< " + limit.String()
		}
	}
	return "< " + maxProcessor.String()
}

// size rounds an amount of memory.
func size(bytes uint64) string {
	for _, limit := range []uint64{100, 1000, 10_000} {
		if bytes < limit<<10 {
			return fmt.Sprintf("< %d KiB", limit)
		}
	}
	return fmt.Sprintf("< %d KiB", maxBytes>>10)
}

// checkPage checks that docs/abuse.md equals the table, except for the measured columns.
func checkPage(t *testing.T, table []measured) {
	t.Helper()
	page := strings.Replace(abuseIntro, "LIMITS", limitsTable(t), 1)
	for i, m := range table {
		answer := m.code
		if answer == "" {
			answer = "an ordinary answer"
		} else {
			answer = "`" + answer + "`"
		}
		if m.status != 0 {
			answer = fmt.Sprintf("%d ", m.status) + answer
		}
		if m.at != "" {
			answer += " (" + m.at + ")"
		}
		page += fmt.Sprintf("| %d | %s | %s | %s | %s |\n", i+1, m.name, answer, class(m.processor), size(m.bytes))
	}
	golden.CheckBy(t, abusePage, page, unmeasured)
}

// unmeasured is a page without the two columns that differ from run to run.
func unmeasured(page string) string {
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		if cells := strings.Split(line, " | "); len(cells) == 5 {
			lines[i] = strings.Join(cells[:3], " | ")
		}
	}
	return strings.Join(lines, "\n")
}

// limitsTable lists the current limits.
func limitsTable(t *testing.T) string {
	t.Helper()
	data, err := json.Marshal(guard.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]int
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, l := range limitWords {
		n, known := all[l.field]
		if !known {
			t.Errorf("there is no limit %s", l.field)
		}
		delete(all, l.field)
		limit := fmt.Sprint(n)
		if strings.HasSuffix(l.field, "Time") {
			limit = time.Duration(n).String()
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", l.words, limit, l.code)
	}
	if len(all) > 0 {
		t.Errorf("the page lacks the limits %v", all)
	}
	return strings.TrimSuffix(table.String(), "\n")
}
