package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	served "github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	immudb "github.com/codenotary/immudb/pkg/client"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/eventsource/copies"
	stored "corebank/eventsource/immudb"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// The faults that break the bank on purpose, in ways that it excludes. After each of them, what was acknowledged is not
// there, and the checks have to notice. They are in no "all".
const (
	// AckedEarly has the primary acknowledge before a replica has it; then the primary is lost.
	AckedEarly Kind = "broken:acked-early"
	// BehindPromoted makes a replica the primary that lacks what was acknowledged.
	BehindPromoted Kind = "broken:behind-promoted"
	// OldPrimary is cut off from its peers, and goes on to acknowledge by itself.
	OldPrimary Kind = "broken:old-primary"
)

// brokenTime bounds the wait for what a broken bank acknowledges.
const brokenTime = 30 * time.Second

// primaryMachine is the machine whose copy of the log takes commits.
func (r *run) primaryMachine(ctx context.Context) (number int, err error) {
	defer must.Catch(&err)
	observed := must.Get(r.observe(ctx))
	primary := primaryOf(observed)
	i := slices.IndexFunc(observed, func(m copies.Machine) bool { return m.Address == primary.Address })
	if i < 0 {
		return 0, errors.New("no machine takes commits")
	}
	return i + 1, nil
}

func (r *run) others(number int) (all []int) {
	for other := 1; other <= r.Machines; other++ {
		if other != number {
			all = append(all, other)
		}
	}
	return all
}

// alone is a primary that acknowledges by itself, as often as it is set to: the bank does not leave it like that.
type alone struct {
	admin    immudb.ImmuClient
	database string
}

func (r *run) openAlone(ctx context.Context, number int) (_ alone, err error) {
	defer must.Catch(&err)
	dir := r.dir().MachineDir(number)
	address := must.Get(datadir.ReadRunning(dir.Path)).Immudb
	password := must.Get(secrets.ReadFile(r.dir().AdminPassword()))
	database, _ := datadir.LogNames(0)
	admin := must.Get(livebank.OpenImmudb(ctx, address, filepath.Join(r.Data, "torture"), auth.SysAdminUsername, password,
		"defaultdb"))
	return alone{admin, database}, nil
}

// acknowledge has it acknowledge alone until done is closed.
func (a alone) acknowledge(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, brokenTime)
	defer cancel()
	settings := &served.DatabaseNullableSettings{ReplicationSettings: &served.ReplicationNullableSettings{
		Replica: &served.NullableBool{}, SyncReplication: &served.NullableBool{}, SyncAcks: &served.NullableUint32{}}}
	for !done() {
		if _, err := a.admin.UpdateDatabaseV2(ctx, a.database, settings); err != nil {
			return fmt.Errorf("have the primary acknowledge by itself: %w", err)
		}
		if !app.Pause(ctx, watchTick) {
			return fmt.Errorf("a primary that needs no copy acknowledged nothing within %v", brokenTime)
		}
	}
	return nil
}

// acked reports whether something was acknowledged that was sent through a gateway after a moment; 0 is any gateway.
func (r *run) acked(machine int, since time.Duration) func() bool {
	return func() bool { return r.load.appliedThrough(machine, since) }
}

// ackEarly freezes the replicas, has the primary acknowledge without them, and loses it.
func (r *run) ackEarly(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	primary := must.Get(r.primaryMachine(ctx))
	a := must.Get(r.openAlone(ctx, primary))
	for _, other := range r.others(primary) {
		must.Do(r.signalPart(other, "immudb", pause))
	}
	r.strike()
	must.Do(a.acknowledge(ctx, r.acked(0, r.clock())))
	must.Do(r.change(ctx, primary, datadir.WishLose))
	for _, other := range r.others(primary) {
		must.Do(r.signalPart(other, "immudb", resume))
	}
	must.Do(r.awaitAcknowledged(ctx))
	return r.change(ctx, primary, "")
}

// promoteBehind freezes a replica while the others go on, and makes it the primary by force, as an operator can, while
// the earlier one is frozen.
func (r *run) promoteBehind(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	primary := must.Get(r.primaryMachine(ctx))
	behind := r.others(primary)[0]
	must.Do(r.signalPart(behind, "immudb", pause))
	for done := r.acked(0, r.clock()); !done(); {
		if !app.Pause(ctx, watchTick) {
			return ctx.Err()
		}
	}
	must.Get(r.signalMachine(primary, pause))
	must.Do(r.signalPart(behind, "immudb", resume))
	config := must.Get(r.copiesConfig())
	wish := copies.Wish{To: config.Addresses[behind-1], ForceLoss: true}
	failed := stored.NewMachines(config, slog.New(slog.DiscardHandler)).Failover(ctx, wish, false, func(string) {})
	r.strike()
	_, thawed := r.signalMachine(primary, resume)
	return errors.Join(failed, thawed)
}

// keepOldPrimary cuts the primary off from its peers, moves the event source's lease there before, and has it
// acknowledge by itself what its own clients ask for.
func (r *run) keepOldPrimary(ctx context.Context, i injection) (err error) {
	defer must.Catch(&err)
	worker := must.Get(r.worker(ctx))
	config := must.Get(r.copiesConfig())
	must.Do(stored.NewMachines(config, slog.New(slog.DiscardHandler)).Failover(ctx,
		copies.Wish{To: config.Addresses[worker-1]}, false, func(string) {}))
	must.Do(r.awaitWhole(ctx))
	a := must.Get(r.openAlone(ctx, worker))
	r.strike()
	defer func() { err = errors.Join(err, r.network.Heal()) }()
	for _, way := range r.network.ways(cut{peers: true, out: true, in: true}, worker) {
		must.Do(r.network.Drop(way[0], way[1]))
	}
	must.Do(a.acknowledge(ctx, r.acked(worker, r.clock())))
	app.Pause(i.running, frozenLeast)
	return nil
}

// worker is the machine whose event source works.
func (r *run) worker(ctx context.Context) (int, error) {
	for number, dir := range r.dirs() {
		running, err := datadir.ReadRunning(dir.Path)
		if err != nil {
			return 0, err
		}
		works, err := worksAt(ctx, running.Parts["eventsource"])
		if err != nil {
			return 0, err
		}
		if works {
			return number + 1, nil
		}
	}
	return 0, errors.New("no event source works")
}

// worksAt reports whether the event source with a health address works, and does not stand by.
func worksAt(ctx context.Context, health string) (works bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, nextTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+health+app.ReadyPath, nil)
	if err != nil {
		return false, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	var readiness contract.Readiness
	err = json.NewDecoder(answer.Body).Decode(&readiness)
	return readiness.Ready && readiness.Reason == "", err
}
