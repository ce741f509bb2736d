package immudb_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/eventsource/immudb"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// BenchmarkAudit audits a log of 100,000 events in a real immudb, proofs
// included: in few large transactions, as under load, and in many small ones.
func BenchmarkAudit(b *testing.B) {
	for _, size := range []int{500, 20} {
		b.Run(fmt.Sprintf("%d events each", size), func(b *testing.B) {
			c := newChronicle(b)
			c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
				records := deposits(b, 100_000, 10_000)
				if _, err := s.Acquire(ctx); err != nil {
					b.Fatal(err)
				}
				for batch := range slices.Chunk(records, size) {
					if err := s.Commit(ctx, batch, nil); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := s.StreamVersion(ctx, records[0].Account); err != nil { // waits for immudb's index
					b.Fatal(err)
				}
				b.ResetTimer()
				for b.Loop() {
					auditAll(b, s, int64(len(records)))
				}
				b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "events/s")
			})
		})
	}
}

func auditAll(b *testing.B, s *immudb.Log, want int64) {
	proof, err := s.Prove(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	a := audit.New()
	for tx, err := range proof.Transactions(b.Context()) {
		if err != nil || len(tx.Flaws) > 0 {
			b.Fatalf("transaction %d: %v, flaws %q", tx.ID, err, tx.Flaws)
		}
		for _, r := range tx.Records {
			a.Record(r)
		}
	}
	if report := a.Report(time.Now(), time.Second, nil); !report.OK || report.Records != want {
		b.Fatal(report)
	}
}

// deposits is a valid log of some events of some accounts.
func deposits(b *testing.B, events, accounts int) []contract.Record {
	states := make([]bank.Account, accounts)
	records := make([]contract.Record, events)
	for i := range records {
		state, key := &states[i%accounts], fmt.Sprint("0190f6f2-7a3c-7d1e-9b8a-", i)
		var command bank.Command = bank.Deposit{Amount: bank.Money{Minor: int64(i), Currency: "EUR"},
			Details: bank.Details{Reference: "invoice 2026-0815"}}
		if i < accounts {
			state.ID = bank.NewAccountID("bench", key)
			command = bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"}
		}
		event, refusal := state.Decide(command, bank.Circumstances{})
		if refusal != nil {
			b.Fatal(refusal.Message)
		}
		sent, err := contract.EncodeCommand("bench", key, command)
		if err != nil {
			b.Fatal(err)
		}
		r := contract.Record{Position: int64(i) + 1, Account: state.ID, Version: state.Version + 1,
			At: time.Date(2026, 3, 1, 9, 0, 0, i*1000, time.UTC), Key: key, Caller: "bench", RequestHash: sent.Hash()}
		if err := r.SetEvent(event); err != nil {
			b.Fatal(err)
		}
		*state = state.Apply(event, r.At)
		records[i] = r
	}
	return records
}
