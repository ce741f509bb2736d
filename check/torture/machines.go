package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"corebank/check/laws"
	"corebank/check/must"
	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/internal/app"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/localbank/operator"
)

// Bounds of hurting machines.
const (
	// frozenLeast is longer than every lease: the machine comes back into a world in which
	// another one has taken its place.
	frozenLeast = 6 * time.Second
	copiesEvery = 200 * time.Millisecond
)

// machines are those of the bank, as it reports them; none of a bank on one.
func (r *run) machines() []datadir.Machine {
	running, err := datadir.ReadRunning(r.Data)
	if err != nil {
		return r.bank.Where.Machines
	}
	return running.Machines
}

// gateways are those that clients use, in turn.
func (r *run) gateways() (urls []string) {
	for _, machine := range r.bank.Where.Machines {
		urls = append(urls, machine.Gateway)
	}
	if len(urls) == 0 {
		urls = []string{r.bank.Where.Gateway}
	}
	return urls
}

// dirs are the data directories of the machines, or the one of a bank on one.
func (r *run) dirs() (all []datadir.Dir) {
	for _, machine := range r.bank.Where.Machines {
		all = append(all, r.dir().MachineDir(machine.Number))
	}
	if len(all) == 0 {
		all = []datadir.Dir{r.dir()}
	}
	return all
}

// awaitWhole waits until the bank takes mutations and, on several machines, until each does
// and has a copy of all of the log.
func (r *run) awaitWhole(ctx context.Context) (err error) {
	for {
		if err = r.whole(ctx); err == nil || !app.Pause(ctx, watchTick) {
			return err
		}
	}
}

func (r *run) whole(ctx context.Context) error {
	if len(r.bank.Where.Machines) == 0 {
		return r.bank.Readiness(ctx)
	}
	for _, machine := range r.machines() {
		asking, cancel := context.WithTimeout(ctx, requestTimeout)
		err := app.CheckHealth(asking, machine.Gateway+app.ReadyPath, 200)
		cancel()
		if err != nil || machine.State != datadir.MachineReady {
			return fmt.Errorf("machine %d is %s: %w", machine.Number, machine.State, errors.Join(err, errNotReady))
		}
	}
	return r.copied(ctx)
}

var errNotReady = errors.New("it is not ready")

// copied fails unless every machine has what the one has that takes commits.
func (r *run) copied(ctx context.Context) error {
	observed, err := r.observe(ctx)
	if err != nil {
		return err
	}
	first := observed
	if !app.Pause(ctx, copiesEvery) {
		return ctx.Err()
	}
	if observed, err = r.observe(ctx); err != nil {
		return err
	}
	primary := primaryOf(first)
	if primary.Address == "" {
		return errors.New("no machine takes commits")
	}
	for _, machine := range observed {
		if machine.Primary && machine.Address != primary.Address {
			return fmt.Errorf("an earlier primary is no replica yet: %s", machine)
		}
	}
	for _, machine := range observed { // what the primary had then, they have now
		if machine.Fault != "" || machine.Empty || machine.Has < primary.Committed || machine.Log != primary.Log ||
			!primaryOf(observed).Members.Includes(machine) {
			return fmt.Errorf("a copy is not complete: %s", machine)
		}
	}
	return nil
}

// primaryOf is the machine that takes commits: of several that believe so, the one that took
// over last.
func primaryOf(observed []copies.Machine) (primary copies.Machine) {
	for _, machine := range observed {
		if machine.Primary && (primary.Address == "" || machine.Epoch > primary.Epoch) {
			primary = machine
		}
	}
	return primary
}

func (r *run) observe(ctx context.Context) ([]copies.Machine, error) {
	config, err := r.copiesConfig()
	if err != nil {
		return nil, err
	}
	return config.Observe(ctx), nil
}

// copiesConfig is that of all copies of the log, as an operator has it.
func (r *run) copiesConfig() (config immudb.Config, err error) {
	defer must.Catch(&err)
	var addresses []string
	for _, dir := range r.dirs() {
		addresses = append(addresses, must.Get(datadir.ReadRunning(dir.Path)).Immudb)
	}
	config = must.Get(databaseOf(r.dir(), "", r.Data, 0))
	config.Addresses, config.AdminPassword = addresses, must.Get(secrets.ReadFile(r.dir().AdminPassword()))
	config.Database, config.User = immudb.DefaultDatabase, immudb.DefaultUser
	config.Copies = copies.DefaultCopies(len(addresses))
	return config, nil
}

// logAddress is the database to read the log from: of several copies, that which takes commits.
func (r *run) logAddress(ctx context.Context) (string, error) {
	if len(r.bank.Where.Machines) == 0 {
		return r.bank.Where.Immudb, nil
	}
	observed, err := r.observe(ctx)
	if err != nil {
		return "", err
	}
	primary := primaryOf(observed)
	if primary.Address == "" {
		return "", errors.New("no machine takes commits")
	}
	return primary.Address, nil
}

// otherViews compare the views of the other machines with the log, as those of the first are.
func (r *run) otherViews(ctx context.Context) (all []*laws.Log) {
	for _, dir := range r.dirs()[1:] {
		views, err := readViewsOf(ctx, dir)
		if err != nil {
			r.found.Violated(laws.Views, "the views in %s could not be read: %v", dir.Path, err)
			continue
		}
		log := laws.NewLog(&r.found)
		log.Expect(views)
		all = append(all, log)
	}
	return all
}

// someMachine is another one each time. It is noted as one that is hurt.
func (r *run) someMachine() int {
	r.turn++
	number := 1 + (r.turn+int(r.Seed%uint64(r.Machines)))%r.Machines
	r.victims = append(r.victims, number-1)
	return number
}

// hurtAll notes that all machines are.
func (r *run) hurtAll() {
	for number := range r.Machines {
		r.victims = append(r.victims, number)
	}
}

// change has a machine stopped, lost or started, and waits until it is.
func (r *run) change(ctx context.Context, number int, wish string) error {
	return operator.Machines{Data: r.Data, Out: io.Discard}.Change(ctx, number, wish)
}

// awaitAcknowledged waits until the bank has acknowledged something since the last strike.
func (r *run) awaitAcknowledged(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	for acknowledged := r.load.nextApplied(r.struck); ; {
		select {
		case <-acknowledged:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("nothing was acknowledged within %v without what is lost", recoveryTime)
		}
	}
}

// signalMachine sends a signal to all processes of a machine.
func (r *run) signalMachine(number int, signal os.Signal) (processes map[string]int, err error) {
	processes = r.machines()[number-1].Processes
	var sent sync.WaitGroup
	for _, pid := range slices.Sorted(maps.Values(processes)) {
		sent.Go(func() {
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Signal(signal) // it may have ended
			}
		})
	}
	sent.Wait()
	if len(processes) == 0 {
		return nil, fmt.Errorf("machine %d runs nothing", number)
	}
	return processes, nil
}

// signalPart sends a signal to one part of a machine.
func (r *run) signalPart(number int, part string, signal os.Signal) error {
	pid := r.machines()[number-1].Processes[part]
	if pid == 0 {
		return fmt.Errorf("machine %d runs no %s", number, part)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(signal)
}

// killMachine kills all processes of a machine, which are started again at once.
func (r *run) killMachine(_ context.Context, _ injection) error {
	_, err := r.signalMachine(r.someMachine(), syscall.SIGKILL)
	r.strike()
	return err
}

// loseMachine loses a machine with its disk, and puts an empty one in its place when the
// others have acknowledged something without it.
func (r *run) loseMachine(ctx context.Context, _ injection) error {
	return r.replace(ctx, r.someMachine())
}

func (r *run) replace(ctx context.Context, number int) error {
	if err := r.dir().Wish(number, datadir.WishLose); err != nil {
		return err
	}
	if _, err := r.signalMachine(number, syscall.SIGKILL); err != nil { // so that it is known when
		return err
	}
	r.strike()
	if err := r.change(ctx, number, datadir.WishLose); err != nil {
		return err
	}
	return errors.Join(r.awaitAcknowledged(ctx), r.change(ctx, number, ""))
}

// freezeMachine freezes all processes of a machine, and thaws them.
func (r *run) freezeMachine(_ context.Context, i injection) error {
	number := r.someMachine()
	r.strike()
	if _, err := r.signalMachine(number, pause); err != nil {
		return err
	}
	app.Pause(i.running, frozenLeast+i.Lasts)
	_, err := r.signalMachine(number, resume)
	return err
}

// loseTwo stops two machines at once. With one copy left nothing is acknowledged; with the
// two back, all is there that was.
func (r *run) loseTwo(ctx context.Context, i injection) error {
	one, other := r.someMachine(), r.someMachine()
	for _, number := range []int{one, other} {
		if _, err := r.signalMachine(number, syscall.SIGKILL); err != nil {
			return err
		}
		if err := r.dir().Wish(number, datadir.WishStop); err != nil {
			return err
		}
	}
	for _, number := range []int{one, other} {
		if err := r.change(ctx, number, datadir.WishStop); err != nil {
			return err
		}
	}
	app.Pause(i.running, time.Second)
	r.strike()
	for _, number := range []int{one, other} { // each waits for the other
		if err := r.dir().Wish(number, ""); err != nil {
			return err
		}
	}
	return errors.Join(r.change(ctx, one, ""), r.change(ctx, other, ""))
}

// replaceAll puts an empty machine in the place of each, one after the other.
func (r *run) replaceAll(ctx context.Context, _ injection) error {
	r.hurtAll()
	for number := 1; number <= r.Machines; number++ {
		if err := r.replace(ctx, number); err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, recoveryTime)
		err := r.awaitWhole(waiting)
		cancel()
		if err != nil {
			return fmt.Errorf("after machine %d was replaced: %w", number, err)
		}
	}
	return nil
}
