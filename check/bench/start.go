package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// The cases of starting.
const (
	caseStartCold = "start, cold"
	caseStartWarm = "start, warm"
)

// caseStartKilled is the case of a bank that was killed with so many events in
// its log.
func caseStartKilled(events int) string {
	return "start, killed with " + thousands(int64(events)) + " events"
}

const figureReady = "ready after"

// startLook is how often a bank is asked whether it is ready.
const startLook = 10 * time.Millisecond

// openStart measures how long a bank takes to be ready.
func openStart(ctx context.Context, l *lab) ([]measured, error) {
	// Dapr may have to be built first, and its programs are in the page cache
	// after this.
	warm := filepath.Join(l.dir, "warm")
	first, err := l.up(ctx, warm)
	if err != nil {
		return nil, err
	}
	if err := first.stop(); err != nil {
		return nil, err
	}
	killed := filepath.Join(l.dir, "killed")
	if err := l.fillAndKill(ctx, killed); err != nil {
		return nil, err
	}
	colds := 0
	return []measured{
		{caseStartCold, "starts", "corebank up on an empty directory until it is ready; Dapr was built before", func(ctx context.Context) (Sample, error) {
			colds++
			dir := filepath.Join(l.dir, "cold"+strconv.Itoa(colds))
			sample, err := l.timeStart(ctx, dir, (*upRun).stop)
			return sample, errors.Join(err, os.RemoveAll(dir))
		}},
		{caseStartWarm, "starts", "corebank up on the directory of a bank that was stopped, until it is ready", func(ctx context.Context) (Sample, error) {
			return l.timeStart(ctx, warm, (*upRun).stop)
		}},
		{caseStartKilled(l.History), "starts", "corebank up until it is ready, after kill -9 of all its processes", func(ctx context.Context) (Sample, error) {
			return l.timeStart(ctx, killed, (*upRun).kill)
		}},
	}, nil
}

// timeStart measures one start, and ends the bank again.
func (l *lab) timeStart(ctx context.Context, dir string, end func(*upRun) error) (Sample, error) {
	run, err := l.up(ctx, dir)
	if err != nil {
		return Sample{}, err
	}
	return Sample{Measures: []Measure{{figureReady, "s", run.ready.Seconds()}}}, end(run)
}

// fillAndKill makes a bank with a long log, and kills it.
func (l *lab) fillAndKill(ctx context.Context, dir string) error {
	run, err := l.up(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(l.Config.Log, "  writing a log of %s events\n", thousands(int64(l.History)))
	err = run.fill(ctx, l)
	return errors.Join(err, run.kill())
}

func (r *upRun) fill(ctx context.Context, l *lab) error {
	log, err := l.dialLog(r.bank)
	if err != nil {
		return err
	}
	if err := newJournal("killed", l.Accounts).fill(ctx, log.append, l.History, l.Batch); err != nil {
		return fmt.Errorf("fill the log: %w", err)
	}
	return l.newGateway(r.bank, 1).settled(ctx)
}

// upRun is one run of corebank up.
type upRun struct {
	bank    *wholeBank
	command *exec.Cmd
	ended   chan error
	ready   time.Duration // after it was started
}

// up starts a bank on a directory and waits until it is ready.
func (l *lab) up(ctx context.Context, data string) (*upRun, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(l.dir, "logs"), 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(l.dir, "logs", "up-"+filepath.Base(data)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	b := &wholeBank{url: "http://" + listen, data: data}
	r := &upRun{bank: b, command: exec.Command(l.Program, "up", "--listen="+listen, "--data="+data, "--log-level=warn"), ended: make(chan error, 1)}
	r.command.Dir, r.command.Env, r.command.Stdout, r.command.Stderr = l.dir, environment(), log, log
	began := time.Now()
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	go func() { r.ended <- r.command.Wait() }()
	if err := r.await(ctx); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%w: %.300s", err, text), r.kill())
	}
	r.ready = time.Since(began)
	if err := b.signIn(); err != nil {
		return nil, errors.Join(err, r.kill())
	}
	return r, nil
}

func (r *upRun) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bankStart)
	defer cancel()
	look := time.NewTicker(startLook)
	defer look.Stop()
	for {
		if err := answersOK(ctx, r.bank.url+"/readyz"); err == nil {
			return nil
		}
		select {
		case ended := <-r.ended:
			r.ended <- ended
			return fmt.Errorf("corebank up ended: %w", ended)
		case <-ctx.Done():
			return fmt.Errorf("corebank up is not ready: %w", ctx.Err())
		case <-look.C:
		}
	}
}

// stop ends the bank in order.
func (r *upRun) stop() error {
	if err := r.command.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case <-r.ended:
		return nil
	case <-time.After(4 * bankGrace):
		return errors.Join(errors.New("corebank up does not stop"), r.kill())
	}
}

// kill ends all processes of the bank at once, without a word.
func (r *upRun) kill() error {
	pids := []int{r.command.Process.Pid}
	for pid := range childrenOf(r.command.Process.Pid) {
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill() // it may have ended
		}
	}
	<-r.ended
	return nil
}
