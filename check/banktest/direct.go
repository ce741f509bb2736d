package banktest

import (
	"context"
	"errors"
	"sync"

	"corebank/eventsource"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// directLog calls the event source's API without a sidecar.
type directLog struct{ *eventsource.API }

func (l directLog) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	reply, err := l.API.Append(ctx, contract.AppendRequest{Appends: []contract.Append{a}})
	if err != nil {
		return contract.AppendResult{}, err
	}
	return reply.Results[0], nil
}

func (l directLog) Status(ctx context.Context) (contract.LogStatus, error) {
	return l.API.Status(ctx, struct{}{})
}

func (l directLog) Ready(ctx context.Context) (contract.Readiness, error) {
	return l.API.Ready(ctx, struct{}{})
}

// topic passes each batch to every subscriber in turn, like a broker that loses
// nothing.
type topic []func(context.Context, contract.Batch) error

func (t topic) Publish(ctx context.Context, batch contract.Batch) error {
	var failed error
	for _, subscriber := range t {
		failed = errors.Join(failed, subscriber(ctx, batch))
	}
	return failed
}

// snapshotStore keeps the snapshots of accounts.
type snapshotStore struct{ sync.Map }

func (s *snapshotStore) Load(_ context.Context, id bank.AccountID) ([]byte, error) {
	data, _ := s.Map.Load(id)
	text, _ := data.([]byte)
	return text, nil
}

func (s *snapshotStore) Save(_ context.Context, id bank.AccountID, data []byte) error {
	s.Store(id, data)
	return nil
}

// follower is a subscriber that may come later.
type follower struct {
	mu     sync.Mutex
	handle func(context.Context, contract.Batch) error
}

// Handle passes a batch on. Batches before the subscription are lost.
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

// stateStore keeps the state of open transfers.
type stateStore struct{ all snapshotStore }

func (s *stateStore) Load(ctx context.Context) ([]byte, error) { return s.all.Load(ctx, "") }

func (s *stateStore) Save(ctx context.Context, data []byte) error { return s.all.Save(ctx, "", data) }
