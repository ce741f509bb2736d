package simulation

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/check/laws"
	"corebank/check/simulation/immu"
	"corebank/eventsource/immudb"
)

// cluster is a log that several machines have copies of, with everything that is on those machines: an immudb server
// and an event source each, and the network between them.
type cluster struct {
	world *world
	// copies is how many machines have an event before it is acknowledged.
	copies int
	lease  *board
	files  string // a directory for what event sources keep beside the log

	mu       sync.Mutex
	machines []*machine
	cuts     [][]time.Duration // from one machine to another: until when, as a time of the run
	clients  []time.Duration   // the same from everything else to a machine's event source
	leader   *source           // that began to lead last
	// newest is the newest transaction that a primary has committed, and so acknowledged.
	newest struct {
		tx   uint64
		hash immu.Hash
	}
}

// databaseName is that of the log's.
const databaseName = "corebank"

// newCluster makes new machines, for the log of a world: three, of which two have what is acknowledged. It is known
// that with copies on all machines a bank does not heal by itself when a primary returns after another machine took
// over: the later one cannot raise its epoch alone, so that both have the same (with 3 of 3, seeds 45 and 86).
func newCluster(w *world, files string) *cluster {
	c := &cluster{world: w, copies: 2, files: files, lease: &board{world: w}}
	n := 3
	c.cuts, c.clients = make([][]time.Duration, n), make([]time.Duration, n)
	for number := range n {
		c.cuts[number] = make([]time.Duration, n)
		c.machines = append(c.machines, &machine{world: w, cluster: c, number: number})
	}
	return c
}

// start starts all machines.
func (c *cluster) start() {
	for _, m := range c.machines {
		m.format()
		m.start()
		c.startMember(m)
	}
}

// config is what an event source on a machine, or an operator there, knows of the machines.
func (c *cluster) config(of *process, at int) immudb.Config {
	config := immudb.Config{Copies: c.copies, Database: databaseName, User: "eventsource", Password: "secret",
		AdminPassword: "administrator's", Network: cable{cluster: c, of: of, at: at}}
	for _, m := range c.machines {
		config.Addresses = append(config.Addresses, m.address())
	}
	return config
}

// at is the machine with an address.
func (c *cluster) at(address string) *machine {
	return c.machines[slices.IndexFunc(c.machines, func(m *machine) bool { return m.address() == address })]
}

// committed notes that a primary has committed a transaction, which is acknowledged with that.
func (c *cluster) committed(by *machine, tx *schema.Tx) {
	records, err := immudb.Records(tx)
	if err != nil {
		c.world.violated(laws.Position, "transaction %d cannot be read: %v", tx.Header.Id, err)
	}
	hash := schema.TxHeaderFromProto(tx.Header).Alh()
	c.mu.Lock()
	if tx.Header.Id > c.newest.tx {
		c.newest.tx, c.newest.hash = tx.Header.Id, hash
	}
	c.mu.Unlock()
	have := 1
	for _, m := range c.machines {
		if d := m.other(by); d != nil && d.Has(tx.Header.Id, hash) {
			have++
		}
	}
	if have < c.copies {
		c.world.violated(laws.Copied, "%s acknowledges transaction %d, which %d machines have", by.name(), tx.Header.Id, have)
	}
	for _, r := range records {
		if _, again := c.world.durableSince(r.Account, r.Version); again {
			continue // two had it when the one was deposed
		}
		c.world.landed(r)
		c.world.note(by.name(), "position %d is %s version %d: %s under key %s", r.Position,
			c.world.name(string(r.Account)), r.Version, r.Type, r.Key)
	}
}

// cut breaks the way from one machine to another for a while.
func (c *cluster) cut(from, to int, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts[from][to] = max(c.cuts[from][to], c.world.now()+d)
}

// isCut is for how long the way from one machine to another is still broken.
func (c *cluster) isCut(from, to int) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts[from][to] - c.world.now()
}

// isAlone is for how long a machine still reaches no other one both ways: then it has no broker.
func (c *cluster) isAlone(number int) time.Duration {
	var least time.Duration
	for other := range c.machines {
		if other == number {
			continue
		}
		if rest := max(c.isCut(number, other), c.isCut(other, number)); least == 0 || rest < least {
			least = max(rest, 1)
		}
	}
	return least - 1
}

// way is the way from one machine to another. What is cut off arrives when the way is whole again, if it is still
// wanted then.
func (c *cluster) way(ctx context.Context, th *thread, from, to int) error {
	if from == to {
		return c.world.sleep(ctx, th.between(10*time.Microsecond, 100*time.Microsecond))
	}
	if err := c.world.sleep(ctx, th.between(wayMin, time.Millisecond)); err != nil {
		return err
	}
	for !c.world.healed.Load() {
		rest := c.isCut(from, to)
		if rest <= 0 {
			break
		}
		if err := c.world.endure(ctx, th, rest+th.between(0, time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// primary is the machine whose log has the newest epoch and takes commits; nil if there is none.
func (c *cluster) primary() (primary *machine) {
	for _, m := range c.machines {
		if d := m.log(); d != nil && !d.Part().Replica &&
			(primary == nil || m.state().Committed > primary.state().Committed) {
			primary = m
		}
	}
	return primary
}

// settled reports whether every machine has the same log and all of it is committed.
func (c *cluster) settled() bool {
	primary := c.primary()
	if primary == nil {
		return false
	}
	want := primary.state()
	return want.Has == want.Committed &&
		!slices.ContainsFunc(c.machines, func(m *machine) bool { return m.state() != want })
}
