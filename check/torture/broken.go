package torture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
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
)

// How long, and how often, it is waited for what a broken bank acknowledges.
const (
	brokenTime  = 4 * time.Second
	brokenTimes = 10
)

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

// acknowledge has it acknowledge alone, and takes the others away from it, until it has done so. The bank may set it
// right in between; then it begins again.
func (a alone) acknowledge(ctx context.Context, take, giveBack func() error, done func() bool) error {
	settings := &served.DatabaseNullableSettings{ReplicationSettings: &served.ReplicationNullableSettings{
		Replica: &served.NullableBool{}, SyncReplication: &served.NullableBool{}, SyncAcks: &served.NullableUint32{}}}
	for range brokenTimes {
		setting, cancel := context.WithTimeout(ctx, brokenTime)
		_, err := a.admin.UpdateDatabaseV2(setting, a.database, settings)
		cancel()
		if err != nil {
			return fmt.Errorf("have the primary acknowledge by itself: %w", err)
		}
		if err := take(); err != nil {
			return err
		}
		for began := time.Now(); time.Since(began) < brokenTime; app.Pause(ctx, watchTick) {
			if done() {
				return nil
			}
		}
		if err := giveBack(); err != nil {
			return err
		}
	}
	return errors.New("a primary that needs no copy acknowledged nothing by itself")
}

// ackEarly freezes the replicas, has the primary acknowledge without them, and loses it.
func (r *run) ackEarly(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	primary := must.Get(r.primaryMachine(ctx))
	a := must.Get(r.openAlone(ctx, primary))
	thaw := func() error { return r.signalReplicas(primary, resume) }
	defer func() { err = errors.Join(err, thaw()) }()
	freeze := func() error {
		r.strike()
		return r.signalReplicas(primary, pause)
	}
	must.Do(a.acknowledge(ctx, freeze, thaw, func() bool { return r.load.appliedThrough(0, r.struck) }))
	must.Do(r.change(ctx, primary, datadir.WishLose))
	must.Do(thaw())
	r.strike()
	must.Do(r.awaitAcknowledged(ctx))
	return r.change(ctx, primary, "")
}

func (r *run) signalReplicas(primary int, signal os.Signal) (failed error) {
	for _, other := range r.others(primary) {
		failed = errors.Join(failed, r.signalPart(other, "immudb", signal))
	}
	return failed
}

// promoteBehind freezes a replica while the others go on, loses those, and makes it the primary by force, as an
// operator can. A copy that has more does not follow one that is behind: then the bank stands still.
func (r *run) promoteBehind(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	behind := r.others(must.Get(r.primaryMachine(ctx)))[0]
	config := must.Get(r.copiesConfig())
	must.Do(r.signalPart(behind, "immudb", pause))
	defer func() { err = errors.Join(err, r.signalPart(behind, "immudb", resume)) }()
	r.strike()
	for !r.load.appliedThrough(0, r.struck) {
		if !app.Pause(ctx, watchTick) {
			return ctx.Err()
		}
	}
	for _, other := range r.others(behind) {
		must.Do(r.change(ctx, other, datadir.WishLose))
	}
	must.Do(r.signalPart(behind, "immudb", resume))
	wish := copies.Wish{To: config.Addresses[behind-1], ForceLoss: true}
	must.Do(stored.NewMachines(config, slog.New(slog.DiscardHandler)).Failover(ctx, wish, false, func(string) {}))
	r.strike()
	for _, other := range r.others(behind) { // each waits for the other
		must.Do(r.dir().Wish(other, ""))
	}
	for _, other := range r.others(behind) {
		must.Do(r.change(ctx, other, ""))
	}
	return nil
}
