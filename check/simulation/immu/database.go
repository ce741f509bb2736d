package immu

import (
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/codenotary/immudb/embedded/store"
	"github.com/codenotary/immudb/pkg/api/schema"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Hash is immudb's hash of a log up to and with a transaction.
type Hash = [sha256.Size]byte

// transaction is one that is on the disk.
type transaction struct {
	header *store.TxHeader
	hash   Hash
	keys   []string
	values [][]byte
}

// plain is the byte before every key and value, as immudb stores those that the bank writes.
const plain = 0

// proto is the transaction as immudb shows it, with as much of its entries as is asked for.
func (t *transaction) proto(action schema.EntryTypeAction) *schema.Tx {
	tx := &schema.Tx{Header: schema.TxHeaderToProto(t.header)}
	if action == schema.EntryTypeAction_EXCLUDE {
		return tx
	}
	for i, key := range t.keys {
		entry := &schema.TxEntry{Key: append([]byte{plain}, key...)}
		if action == schema.EntryTypeAction_RAW_VALUE {
			entry.Value = append([]byte{plain}, t.values[i]...)
		}
		tx.Entries = append(tx.Entries, entry)
	}
	return tx
}

// Database is one database of a server.
type Database struct {
	server *Server
	name   string

	mu        sync.Mutex
	settings  *schema.DatabaseNullableSettings
	life      int
	log       []*transaction // what is on the disk; the id of each is its index + 1
	committed uint64
	newest    map[string][]where // of committed entries, oldest first
	keys      []string           // of newest, in order
	acks      map[string]uint64  // what replicas of this primary have, by their server
	waiting   int                // commits that are not answered
	changed   chan struct{}
	closed    chan struct{}
}

// where is the place of an entry.
type where struct {
	tx    uint64
	index int
}

func newDatabase(s *Server, name string, settings *schema.DatabaseNullableSettings) *Database {
	d := &Database{server: s, name: name, settings: settings, newest: make(map[string][]where),
		changed: make(chan struct{}), closed: make(chan struct{})}
	d.reopen()
	return d
}

// reopen is what a close and an open of the database do. The caller holds the lock.
func (d *Database) reopen() {
	d.life++
	close(d.closed)
	d.closed = make(chan struct{})
	d.acks = make(map[string]uint64)
	d.allowAlone()
	d.notify()
}

// notify wakes who waits for a change. The caller holds the lock.
func (d *Database) notify() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// Changed is closed when something changes after this call.
func (d *Database) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// Closed is closed when the database is, to be opened again.
func (d *Database) Closed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// isReplica and wants say what the database's part is. The caller holds the lock.
func (d *Database) isReplica() bool {
	return d.settings.GetReplicationSettings().GetReplica().GetValue()
}
func (d *Database) wants() int {
	if d.server.Hasty {
		return 0
	}
	return int(d.settings.GetReplicationSettings().GetSyncAcks().GetValue())
}

// has is the last transaction on the disk. The caller holds the lock.
func (d *Database) has() uint64 { return uint64(len(d.log)) }

func (d *Database) hashOf(tx uint64) (h Hash) {
	if tx > 0 {
		h = d.log[tx-1].hash
	}
	return h
}

// Has reports whether a transaction is on the disk, after the same log.
func (d *Database) Has(tx uint64, hash Hash) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return tx <= d.has() && d.hashOf(tx) == hash
}

// State is what a database has.
type State struct {
	Committed, Has      uint64
	CommittedHash, Hash Hash
}

// State is what the database has.
func (d *Database) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state()
}

func (d *Database) state() State {
	return State{Committed: d.committed, Has: d.has(), CommittedHash: d.hashOf(d.committed), Hash: d.hashOf(d.has())}
}

// Errors as immudb has them.
var (
	errReplica  = status.Error(codes.Unknown, "database is read-only because it's a replica")
	errRefused  = status.Error(codes.FailedPrecondition, "precondition failed")
	errNotFound = status.Error(codes.Unknown, "tbtree: key not found")
	errNoTx     = status.Error(codes.Unknown, "tx not found")
	errClosed   = status.Error(codes.Unknown, "already closed")
)

// Commit is one on its way: first it is put on the disk, then it waits for the copies.
type Commit struct {
	d    *Database
	life int
	tx   uint64 // 0 before it is on the disk
}

// Begin begins a commit; End must follow.
func (d *Database) Begin() *Commit {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting++
	return &Commit{d: d, life: d.life}
}

// End ends it, whether or not it is committed.
func (c *Commit) End() {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.d.waiting--
	c.d.notify()
}

// Try gets the commit one step further. Its header is nil while it has to wait until something changes.
func (c *Commit) Try(request *schema.SetRequest, at int64) (*schema.TxHeader, error) {
	d := c.d
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case c.life != d.life:
		return nil, errClosed
	case d.isReplica():
		return nil, errReplica
	case c.tx == 0 && d.has() > d.committed:
		return nil, nil // its conditions are for what is committed
	case c.tx == 0:
		if err := d.check(request.Preconditions); err != nil {
			return nil, err
		}
		d.put(request.KVs, at)
		c.tx = d.has()
		d.allowAlone()
		d.notify()
	}
	if d.committed < c.tx {
		return nil, nil
	}
	return schema.TxHeaderToProto(d.log[c.tx-1].header), nil
}

// put puts a transaction on the disk. The caller holds the lock.
func (d *Database) put(entries []*schema.KeyValue, at int64) {
	t := &transaction{}
	digest := sha256.New()
	for _, entry := range entries {
		t.keys, t.values = append(t.keys, string(entry.Key)), append(t.values, slices.Clone(entry.Value))
		digest.Write(entry.Key)
		digest.Write(entry.Value)
	}
	t.header = &store.TxHeader{ID: d.has() + 1, Ts: at, Version: 1, NEntries: len(entries), PrevAlh: d.hashOf(d.has()),
		Eh: Hash(digest.Sum(nil))}
	t.hash = t.header.Alh()
	d.log = append(d.log, t)
}

// allowAlone commits what is on the disk of a primary that waits for no one. The caller holds the lock.
func (d *Database) allowAlone() {
	if !d.isReplica() && d.wants() == 0 {
		d.commit(d.has())
	}
}

// commit commits up to a transaction. The caller holds the lock.
func (d *Database) commit(upTo uint64) {
	for d.committed < min(upTo, d.has()) {
		t := d.log[d.committed]
		d.committed++
		for i, key := range t.keys {
			if _, known := d.newest[key]; !known {
				at, _ := slices.BinarySearch(d.keys, key)
				d.keys = slices.Insert(d.keys, at, key)
			}
			d.newest[key] = append(d.newest[key], where{d.committed, i})
		}
		if !d.isReplica() && d.server.Committed != nil {
			d.server.Committed(d.name, t.proto(schema.EntryTypeAction_RAW_VALUE))
		}
	}
}

// check checks the conditions of a commit. The caller holds the lock.
func (d *Database) check(conditions []*schema.Precondition) error {
	for _, condition := range conditions {
		holds := true
		switch c := condition.Precondition.(type) {
		case *schema.Precondition_KeyMustExist:
			holds = d.newest[string(c.KeyMustExist.Key)] != nil
		case *schema.Precondition_KeyMustNotExist:
			holds = d.newest[string(c.KeyMustNotExist.Key)] == nil
		case *schema.Precondition_KeyNotModifiedAfterTX:
			places := d.newest[string(c.KeyNotModifiedAfterTX.Key)]
			holds = len(places) == 0 || places[len(places)-1].tx <= c.KeyNotModifiedAfterTX.TxID
		}
		if !holds {
			return errRefused
		}
	}
	return nil
}
