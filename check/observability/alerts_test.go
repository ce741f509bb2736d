package observability

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corebank/actor"
	"corebank/actor/saga"
	"corebank/check/banktest"
	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/metrics"
	"corebank/internal/view/memory"
	"corebank/projector"
	"corebank/server"
)

// all are the registries of all apps of a bank but some.
func all(b *banktest.Bank, but ...string) (apps []prometheus.Gatherer) {
	for name, app := range b.Metrics() {
		if !slices.Contains(but, name) {
			apps = append(apps, app)
		}
	}
	return apps
}

// endpoint is the registry of a part that is not in its bank.
func endpoint(app string, collectors ...[]prometheus.Collector) prometheus.Gatherer {
	labels := prometheus.Labels{"app": app}
	if app == contract.AppEventSource {
		labels["partition"] = "0"
	}
	e := metrics.New(nil, labels)
	for _, list := range collectors {
		e.Add(list...)
	}
	return e
}

// busy is a bank with some transactions.
func busy(t *testing.T) *banktest.Bank {
	b := banktest.Start(t)
	id := b.Open("account")
	for i := range 5 {
		b.Deposit(id, "10.00", "EUR", fmt.Sprint("deposit-", i))
	}
	b.Settle()
	return b
}

var quiet = slog.New(slog.DiscardHandler)

func none() int64 { return 0 }

// ended is a context with which a loop makes one round.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// states are those in which the alerts have to fire: what Prometheus has scraped of a bank in trouble.
var states = map[string]func(t *testing.T, h *history){
	"EventSourceDown":  without(contract.AppEventSource),
	"ActorsDown":       without(contract.AppActor),
	"GatewayDown":      without(contract.AppServer),
	"ProjectorStopped": without(contract.AppProjector),
	"ViewsLag": func(t *testing.T, h *history) {
		stuck := projector.New(memory.New(), nil, quiet)
		h.watch(5*time.Minute, append(all(busy(t), contract.AppProjector),
			endpoint(contract.AppProjector, stuck.Metrics()))...)
	},
	"RelayLag": func(t *testing.T, h *history) {
		b := busy(t)
		b.Stop() // its own writer would end at the next one
		log := b.Log.Open()
		writer := eventsource.NewWriter(log, quiet)
		running(t, writer)
		stuck := eventsource.NewRelay(log, writer, nil, quiet)
		h.watch(5*time.Minute, endpoint(contract.AppEventSource, eventsource.WriterMetrics(writer, none), stuck.Metrics()))
	},
	"SubscribersLag": func(t *testing.T, h *history) {
		deaf := server.NewSubscriptionHub(nil)
		h.watch(5*time.Minute, append(all(busy(t), contract.AppServer),
			endpoint(contract.AppServer, server.NewMetrics().Collectors(), deaf.Metrics()))...)
	},
	"LogNotWritten": func(t *testing.T, h *history) {
		idle := eventsource.NewWriter(storage.NewMemoryLog().Open(), quiet)
		h.watch(5*time.Minute, endpoint(contract.AppEventSource, eventsource.WriterMetrics(idle, none)))
	},
	"LogFenced": func(t *testing.T, h *history) {
		disk := storage.NewMemoryLog()
		for range 4 {
			log := disk.Open()
			writer := eventsource.NewWriter(log, quiet)
			stop := running(t, writer)
			h.watch(time.Minute, endpoint(contract.AppEventSource,
				eventsource.WriterMetrics(writer, log.(interface{ Epoch() int64 }).Epoch)))
			stop()
		}
	},
	"LogHalted": func(t *testing.T, h *history) {
		writer := eventsource.NewWriter(storage.NewMemoryLog().Open(), quiet)
		writer.Halt("the disk is nearly full")
		h.watch(time.Minute, endpoint(contract.AppEventSource, eventsource.WriterMetrics(writer, none)))
	},
	"DiskNearlyFull": func(t *testing.T, h *history) {
		writer := eventsource.NewWriter(storage.NewMemoryLog().Open(), quiet)
		disk := func() (uint64, error) { return 700 << 20, nil }
		floor := func() (uint64, error) { return 512 << 20, nil }
		if err := eventsource.WatchDisk(ended(t), writer, disk, floor, quiet); err != nil {
			t.Fatal(err)
		}
		h.watch(5*time.Minute, endpoint(contract.AppEventSource, eventsource.WriterMetrics(writer, none)))
	},
	"AppendsWait": func(t *testing.T, h *history) {
		idle := eventsource.NewWriter(storage.NewMemoryLog().Open(), quiet)
		record := contract.Record{Account: bank.NewAccountID("ada", "key"), Version: 1, Key: "key", Data: []byte(`{}`)}
		one := contract.Append{Account: record.Account, Records: []contract.Record{record}}
		for range 28 {
			idle.Append(ended(t), slices.Repeat([]contract.Append{one}, contract.MaxAppends))
		}
		h.watch(5*time.Minute, endpoint(contract.AppEventSource, eventsource.WriterMetrics(idle, none)))
	},
	"AuditFinding": audited(contract.Audit{At: time.Now(), Findings: 2}),
	"AuditOld":     audited(contract.Audit{At: time.Now().Add(-3 * 24 * time.Hour), OK: true}),
	"CertificateEnds": func(t *testing.T, h *history) {
		file := certificate(t, time.Now().Add(3*24*time.Hour))
		h.watch(10*time.Minute, metrics.New([]string{file}, prometheus.Labels{"app": contract.AppServer}))
	},
	"TransfersStopped": func(t *testing.T, h *history) {
		stuck := saga.New(saga.Parts{Logger: quiet, Clock: time.Now})
		h.watch(5*time.Minute, append(all(busy(t), contract.AppActor),
			endpoint(contract.AppActor, actor.TransferMetrics(stuck.Status)))...)
	},
	"PartitionDown": func(t *testing.T, h *history) {
		merged := sequencer.New(storage.NewMemorySequenceLog().Open(), []sequencer.PartitionLog{gone{}, gone{}}, quiet)
		running(t, merged)
		relay := eventsource.NewRelay(merged, merged, nil, quiet)
		h.watch(5*time.Minute, endpoint(contract.AppEventSource, eventsource.SequencerMetrics(merged, relay, none)))
	},
	"CopyMissing": machines([]immudb.CopyState{{Address: "a:3322", Primary: true, Present: true}, {Address: "b:3322"}}),
	"CopyBehind": machines([]immudb.CopyState{{Address: "a:3322", Primary: true, Present: true},
		{Address: "b:3322", Present: true, Behind: 5_000}}),
	"FailoverHappened": machines([]immudb.CopyState{{Address: "a:3322", Primary: true, Present: true},
		{Address: "b:3322", Present: true}}, []immudb.CopyState{{Address: "a:3322"},
		{Address: "b:3322", Primary: true, Present: true}}),
	"LeaseNotHeld": func(t *testing.T, h *history) {
		h.watch(5*time.Minute, endpoint(contract.AppEventSource, lease.New(nil, "a", quiet).Metrics()))
	},
	"LeaseUnsteady": func(t *testing.T, h *history) {
		of := lease.New(noted{}, "a", quiet)
		shown := endpoint(contract.AppEventSource, of.Metrics())
		for range 3 {
			h.watch(time.Minute, shown)
			h.now = h.now.Add(scrapeEvery)
			err := of.Run(t.Context(), func(context.Context) error {
				h.watch(time.Minute, shown)
				h.now = h.now.Add(scrapeEvery)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		h.watch(time.Minute, shown)
	},
	"NothingAcknowledged": func(t *testing.T, h *history) { failing(t, h, contract.Unavailable) },
	"InternalErrors":      func(t *testing.T, h *history) { failing(t, h, contract.Invalid) },
}

// TestEachAlertFires in the state that it is about, and none while the bank works.
func TestEachAlertFires(t *testing.T) {
	rules := readRules(t)
	well := newHistory(t)
	b := busy(t)
	well.watch(2*time.Minute, all(b)...)
	b.Deposit(b.Open("account"), "10.00", "EUR", "another")
	b.Settle()
	sound := eventsource.NewAuditMetrics()
	log := b.Log.Open()
	if err := log.SaveAudit(t.Context(), contract.Audit{At: time.Now(), OK: true}); err != nil {
		t.Fatal(err)
	}
	sound.Watch(ended(t), log)
	file := certificate(t, time.Now().Add(365*24*time.Hour))
	well.watch(10*time.Minute, append(all(b), metrics.New([]string{file}, prometheus.Labels{"app": "issuer"}))...)
	for _, r := range rules {
		if r.Alert != "AuditOld" && r.fires(well) { // no audit ran in this bank
			t.Errorf("%s fires although the bank works: %v", r.Alert, well.ask(r.Expr, well.now))
		}
		tell := states[r.Alert]
		if tell == nil {
			t.Errorf("there is no state in which %s fires", r.Alert)
			continue
		}
		t.Run(r.Alert, func(t *testing.T) {
			h := newHistory(t)
			tell(t, h)
			if !r.fires(h) {
				t.Errorf("it does not fire: %s", r.Expr)
			}
		})
	}
	if len(states) != len(rules) {
		t.Errorf("%d states for %d alerts", len(states), len(rules))
	}
}

// without is a bank one of whose apps is gone.
func without(app string) func(*testing.T, *history) {
	return func(t *testing.T, h *history) {
		b := busy(t)
		h.watch(2*time.Minute, all(b)...)
		h.now = h.now.Add(scrapeEvery)
		h.watch(5*time.Minute, all(b, app)...)
	}
}

// audited is a bank with the result of an audit.
func audited(result contract.Audit) func(*testing.T, *history) {
	return func(t *testing.T, h *history) {
		log := storage.NewMemoryLog().Open()
		if err := log.SaveAudit(t.Context(), result); err != nil {
			t.Fatal(err)
		}
		audit := eventsource.NewAuditMetrics()
		audit.Watch(ended(t), log)
		h.watch(2*time.Hour, endpoint(contract.AppEventSource, audit.Collectors()))
	}
}

// machines are those with copies of the log, in these states one after the other.
func machines(states ...[]immudb.CopyState) func(*testing.T, *history) {
	return func(t *testing.T, h *history) {
		var now []immudb.CopyState
		shown := endpoint(contract.AppEventSource,
			[]prometheus.Collector{eventsource.CopyMetrics(func() []immudb.CopyState { return now })})
		for _, now = range states {
			h.watch(6*time.Minute, shown)
			h.now = h.now.Add(scrapeEvery)
		}
		h.now = h.now.Add(-scrapeEvery)
	}
}

// noted keeps no lease: each process that asks has it.
type noted struct{}

func (noted) Read(context.Context) (lease.Term, error)              { return lease.Term{}, nil }
func (noted) Write(context.Context, string, uint64) (uint64, error) { return 1, nil }

// worker is a writer or a sequencer.
type worker interface {
	Run(ctx context.Context) error
	Ready() contract.Readiness
}

// gone is a partition whose event source does not answer.
type gone struct{ sequencer.PartitionLog }

func (gone) ReadAll(context.Context, contract.ReadAllRequest) (contract.Records, error) {
	return contract.Records{}, errors.New("no sidecar answers for it")
}

// running runs a writer until it has the log.
func running(t *testing.T, writer worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = writer.Run(ctx) }() // that it is fenced is the story
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !writer.Ready().Ready {
		<-tick.C
	}
	return stop
}

// failing is a bank that asks for deposits, and whose actors all answer with a status.
func failing(t *testing.T, h *history, status contract.Status) {
	b := busy(t)
	id := b.Open("account")
	client := b.GatewayWith(func(parts *server.Parts) { parts.Commands = answers{status} })
	h.watch(6*time.Minute, all(b)...)
	h.now = h.now.Add(scrapeEvery)
	for i := range 3 {
		client.Do(fmt.Sprintf(`mutation { deposit(input: {accountId: %q, amount: {value: "1.00", currency: "EUR"},
			idempotencyKey: "failing-%d"}) { replayed } }`, id, i), nil)
	}
	h.watch(2*time.Minute, all(b)...)
}

// answers are actors that answer every command with a status.
type answers struct{ status contract.Status }

func (a answers) Execute(context.Context, bank.AccountID, contract.Command) (contract.Outcome, error) {
	return contract.Outcome{Status: a.status}, nil
}

func (a answers) ExecuteBatch(_ context.Context, batch contract.ClearingBatch) ([]contract.Outcome, error) {
	return slices.Repeat([]contract.Outcome{{Status: a.status}}, len(batch.Accounts)), nil
}

// certificate is a file with a certificate that ends at a time.
func certificate(t *testing.T, end time.Time) string {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: end}
	made, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tls.crt")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
