package simulation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/check/laws"
	"corebank/check/simulation/immu"
	"corebank/eventsource/immudb"
	"corebank/internal/contract"
)

// machine is one of several that have copies of the log.
type machine struct {
	world   *world
	cluster *cluster
	number  int

	mu     sync.Mutex
	disk   *immu.Server
	server *process // the immudb server's life
	disks  int      // that it has had
	lives  int
	slow   time.Duration // until when its disk is slow, as a time of the run
	down   time.Duration // until when nothing on it starts
}

func (m *machine) name() string    { return fmt.Sprintf("machine %d", m.number+1) }
func (m *machine) address() string { return fmt.Sprintf("machine-%d:3322", m.number+1) }

// format gives the machine an empty disk.
func (m *machine) format() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.disks++
	name := fmt.Sprintf("disk %d of %s", m.disks, m.name())
	m.disk = immu.NewServer(name, func(database string, tx *schema.Tx) {
		if database == databaseName {
			m.cluster.committed(m, tx)
		}
	})
	if change := m.world.parts.Disk; change != nil {
		change(m.disk)
	}
	if err := m.disk.Create("defaultdb", nil); err != nil {
		panic(err) // the disk is empty
	}
}

// start starts the immudb server.
func (m *machine) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lives++
	name := fmt.Sprintf("immudb %d.%d", m.number+1, m.lives)
	m.server = m.world.process(name, m.restart)
	server, disk := m.server, m.disk
	server.run(m.world.thread(name, server), func(ctx context.Context) { m.copyLog(ctx, server, disk) })
}

// restart starts it again, as soon as the machine is up.
func (m *machine) restart() {
	_, disk := m.life()
	disk.Restart()
	m.mu.Lock()
	down, th := m.down, m.world.thread(fmt.Sprintf("immudb %d after %d", m.number+1, m.lives), nil)
	m.mu.Unlock()
	if rest := down - m.world.now(); rest > 0 {
		_ = m.world.endure(m.world.ctx, th, rest)
	}
	m.start()
}

// life is the server as it is now.
func (m *machine) life() (*process, *immu.Server) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.server, m.disk
}

// log is its database of the log; nil if it has none.
func (m *machine) log() *immu.Database {
	_, disk := m.life()
	d, err := disk.Database(databaseName)
	if err != nil {
		return nil
	}
	return d
}

// other is the same, unless the machine is the one given.
func (m *machine) other(than *machine) *immu.Database {
	if m == than {
		return nil
	}
	return m.log()
}

// state is what it has of the log.
func (m *machine) state() immu.State {
	if d := m.log(); d != nil {
		return d.State()
	}
	return immu.State{}
}

// rawValues asks for transactions with everything in them.
var rawValues = &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_RAW_VALUE}}

// records are those that it has committed.
func (m *machine) records() (records []contract.Record) {
	d := m.log()
	if d == nil {
		return nil
	}
	read, _ := d.Transactions(1, int(d.State().Committed), rawValues) // none if there is none
	for _, tx := range read {
		more, err := immudb.Records(tx)
		if err != nil {
			m.world.violated(laws.Position, "transaction %d of %s cannot be read: %v", tx.Header.Id, m.name(), err)
		}
		records = append(records, more...)
	}
	return records
}

// sync takes the time of its disk.
func (m *machine) sync(ctx context.Context, th *thread) error {
	m.mu.Lock()
	slow := m.slow > m.world.now() && !m.world.healed.Load()
	m.mu.Unlock()
	if slow {
		return m.world.sleep(ctx, th.between(150*time.Millisecond, 250*time.Millisecond))
	}
	return m.world.sleep(ctx, th.between(time.Millisecond, 4*time.Millisecond))
}

// copyLog has a server copy the log of the machine that it was set to follow, as long as it lives.
func (m *machine) copyLog(ctx context.Context, server *process, disk *immu.Server) {
	th := threadOf(ctx)
	for ctx.Err() == nil {
		d, err := disk.Database(databaseName)
		if err != nil { // not yet
			_ = m.world.sleep(ctx, th.between(50*time.Millisecond, 100*time.Millisecond))
			continue
		}
		part, closed := d.Part(), d.Closed()
		opened, stop := context.WithCancel(ctx)
		m.world.running.Go(func() {
			select {
			case <-closed:
			case <-opened.Done():
			}
			stop()
		})
		if part.Replica && part.Host != "" {
			from := m.cluster.at(net.JoinHostPort(part.Host, strconv.Itoa(part.Port)))
			m.follow(opened, server, d, part.Life, from)
		}
		<-opened.Done()
		stop()
	}
}

// copyPauseMin and copyPauseMax are between attempts to copy that fail: each pause is twice as long as the one before.
const (
	copyPauseMin = 100 * time.Millisecond
	copyPauseMax = 2 * time.Minute
)

// follow copies the log of another machine until ctx ends or both have other ones.
func (m *machine) follow(ctx context.Context, server *process, d *immu.Database, life int, from *machine) {
	th := server.another(server.name + " copies from " + from.name())
	ctx = th.in(ctx)
	hurry := th.between(0, time.Millisecond)
	if th.IntN(4) == 0 {
		hurry = th.between(time.Millisecond, 100*time.Millisecond)
	}
	for pause := copyPauseMin; ctx.Err() == nil; {
		news, err := m.copyNext(ctx, th, d, life, from, hurry)
		switch {
		case errors.Is(err, immu.ErrDiverged):
			th.note("cannot copy: %v", err)
			return
		case err != nil:
			th.note("does not copy: %v", err)
			if m.world.healed.Load() {
				pause = copyPauseMin
				_ = m.world.sleep(ctx, th.between(pause/2, pause))
				continue
			}
			_ = m.world.endure(ctx, th, th.between(pause/2, pause))
			pause = min(2*pause, copyPauseMax)
		case news != nil:
			pause = copyPauseMin
			select {
			case <-ctx.Done():
			case <-news.changed:
			case <-news.gone:
			}
		default:
			pause = copyPauseMin
		}
	}
}

// copyNext asks for what is next, and says what is there. If there is nothing, it returns where to wait for more.
func (m *machine) copyNext(
	ctx context.Context, th *thread, d *immu.Database, life int, from *machine, hurry time.Duration,
) (*news, error) {
	if err := m.world.sleep(ctx, hurry+th.between(1, 10*time.Microsecond)); err != nil {
		return nil, err
	}
	had := d.State()
	if err := m.cluster.way(ctx, th, m.number, from.number); err != nil {
		return nil, err
	}
	there, disk := from.life()
	if err := there.thaw(ctx, th); err != nil {
		return nil, err
	}
	primary, err := disk.Database(databaseName)
	if err != nil {
		return nil, err
	}
	changed := primary.Changed()
	_, own := m.life()
	answer, err := primary.Copy(own.ID, had)
	if err != nil {
		return nil, err
	}
	if err := m.cluster.way(ctx, th, from.number, m.number); err != nil {
		return nil, err
	}
	if there.dead.Load() {
		return nil, errLost
	}
	if err := th.of.thaw(ctx, th); err != nil {
		return nil, err
	}
	if err := m.sync(ctx, th); err != nil {
		return nil, err
	}
	if copied, err := d.Take(answer, had, life); err != nil || copied {
		return nil, err
	}
	return &news{changed, there.ctx.Done()}, nil
}

// news are what a replica that has everything waits for: something new, or the end of the connection.
type news struct{ changed, gone <-chan struct{} }
