package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"corebank/internal/lease"
)

// Leases is the name of the bucket that has the leases.
const Leases = "COREBANK_LEASES"

// Bounds of a connection that a lease is held through.
const (
	leaseRedial = 250 * time.Millisecond
	leasePing   = time.Second
	leaseLook   = 5 * time.Second // between two looks which member leads the bucket
)

// makeLeases makes the bucket of the leases, or adjusts it.
func makeLeases(ctx context.Context, js jetstream.JetStream, copies int) error {
	_, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: Leases,
		Description: "which of several processes leads", History: 1, Replicas: copies, Storage: jetstream.FileStorage})
	if err != nil {
		return fmt.Errorf("make the bucket of leases: %w", err)
	}
	return nil
}

// LeaseStore keeps a lease on a broker, as long as the process lives.
type LeaseStore struct {
	connection *nats.Conn
	js         jetstream.JetStream
	key        string
	moved      time.Time // when it was last looked which member leads the bucket
}

var _ lease.Store = (*LeaseStore)(nil)

// OpenLease is the lease of a name on the broker at a URL, which need not be there yet.
func OpenLease(url, name string) (*LeaseStore, error) {
	connection, err := nats.Connect(url, nats.Name("corebank lease"), nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1), nats.ReconnectWait(leaseRedial), nats.Timeout(requestTimeout),
		nats.PingInterval(leasePing), nats.MaxPingsOutstanding(2))
	if err != nil {
		return nil, fmt.Errorf("the lease %s: %w", name, err)
	}
	js, err := jetstream.New(connection)
	if err != nil {
		connection.Close()
		return nil, fmt.Errorf("the lease %s: %w", name, err)
	}
	return &LeaseStore{connection: connection, js: js, key: name}, nil
}

// Read implements lease.Store.
func (s *LeaseStore) Read(ctx context.Context) (lease.Term, error) {
	bucket, err := s.js.KeyValue(ctx, Leases)
	if err != nil {
		return lease.Term{}, err
	}
	entry, err := bucket.Get(ctx, s.key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return lease.Term{}, nil
	}
	if err != nil {
		return lease.Term{}, err
	}
	return lease.Term{Holder: string(entry.Value()), Revision: entry.Revision()}, nil
}

// Write implements lease.Store.
func (s *LeaseStore) Write(ctx context.Context, holder string, after uint64) (uint64, error) {
	bucket, err := s.js.KeyValue(ctx, Leases)
	if err != nil {
		return 0, err
	}
	revision, err := bucket.Update(ctx, s.key, []byte(holder), after)
	if err == nil && time.Since(s.moved) > leaseLook {
		s.moved = time.Now()
		s.leadElsewhere(ctx, bucket)
	}
	return revision, err
}

// leadElsewhere has another member of a cluster lead the bucket than the one beside the
// holder. Members take up to twelve seconds to elect a leader in place of a lost one, and
// if it was lost together with the holder, no other process could take the lease meanwhile.
func (s *LeaseStore) leadElsewhere(ctx context.Context, bucket jetstream.KeyValue) {
	status, err := bucket.Status(ctx)
	if err != nil {
		return // the next look is soon
	}
	own, ok := status.(*jetstream.KeyValueBucketStatus)
	if !ok {
		return
	}
	cluster := own.StreamInfo().Cluster
	if cluster == nil || len(cluster.Replicas) == 0 || cluster.Leader != s.connection.ConnectedServerName() {
		return
	}
	_, _ = s.connection.RequestWithContext(ctx, "$JS.API.STREAM.LEADER.STEPDOWN.KV_"+Leases, nil)
}
