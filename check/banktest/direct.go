package banktest

import (
	"context"
	"errors"
	"sync"

	"corebank/eventsource"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// directLog calls the event source's API where a sidecar would carry the call.
type directLog struct{ api *eventsource.API }

func (l directLog) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	reply, err := l.api.Append(ctx, contract.AppendRequest{Appends: []contract.Append{a}})
	if err != nil {
		return contract.AppendResult{}, err
	}
	return reply.Results[0], nil
}

func (l directLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	return l.api.ReadStream(ctx, r)
}

func (l directLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	return l.api.ReadAll(ctx, r)
}

func (l directLog) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	return l.api.FindKeys(ctx, r)
}

func (l directLog) Status(ctx context.Context) (contract.LogStatus, error) {
	return l.api.Status(ctx, struct{}{})
}

func (l directLog) Ready(ctx context.Context) (contract.Readiness, error) {
	return l.api.Ready(ctx, struct{}{})
}

// topic hands each batch to every subscriber in turn, as a broker that loses
// nothing would.
type topic []func(context.Context, contract.Batch) error

func (t topic) Publish(ctx context.Context, batch contract.Batch) error {
	var failed error
	for _, subscriber := range t {
		failed = errors.Join(failed, subscriber(ctx, batch))
	}
	return failed
}

// shelf keeps snapshots.
type shelf struct {
	mu   sync.Mutex
	data map[bank.AccountID][]byte
}

func (s *shelf) Load(_ context.Context, id bank.AccountID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[id], nil
}

func (s *shelf) Save(_ context.Context, id bank.AccountID, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data == nil {
		s.data = make(map[bank.AccountID][]byte)
	}
	s.data[id] = data
	return nil
}

// follower is a subscriber that comes when it is ready.
type follower struct {
	mu     sync.Mutex
	handle func(context.Context, contract.Batch) error
}

// Handle hands a batch on to who follows by now; before, it is lost.
func (f *follower) Handle(ctx context.Context, batch contract.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handle == nil {
		return nil
	}
	return f.handle(ctx, batch)
}

func (f *follower) follow(ctx context.Context, handle func(context.Context, contract.Batch) error) error {
	f.set(handle)
	<-ctx.Done()
	f.set(nil)
	return nil
}

func (f *follower) set(handle func(context.Context, contract.Batch) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handle = handle
}

// book keeps the open transfers.
type book struct {
	mu   sync.Mutex
	data []byte
}

func (b *book) Load(context.Context) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data, nil
}

func (b *book) Save(_ context.Context, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = data
	return nil
}
