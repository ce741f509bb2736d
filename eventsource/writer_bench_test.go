package eventsource_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// BenchmarkAppend appends to a log in memory: what the writer itself costs. A hundred appends share a request.
func BenchmarkAppend(b *testing.B) {
	w := eventsource.NewWriter(storage.NewMemoryLog().Open(), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = w.Run(ctx) }()
	<-w.Moved()
	const together = 100
	appends := make([]contract.Append, together)
	for i := range appends {
		id := bank.NewAccountID("bench", fmt.Sprint(i))
		r := contract.Record{Account: id, Version: 1, Key: "key"}
		if err := r.SetEvent(bank.AccountOpened{Owner: "ada", Currency: "EUR", Kind: bank.Current}); err != nil {
			b.Fatal(err)
		}
		appends[i] = contract.Append{Account: id, Records: []contract.Record{r}}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, result := range w.Append(ctx, appends) {
			if result.Status != contract.Appended {
				b.Fatal(result)
			}
		}
		for i := range appends {
			appends[i].ExpectedVersion++
			appends[i].Records[0].Version++
		}
	}
}
