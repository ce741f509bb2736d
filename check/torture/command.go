package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"corebank/internal/contract"
	"corebank/localbank/ports"
)

// Bounds of a run.
const (
	maxDuration = 12 * time.Hour
	maxEach     = 10_000
	maxEvents   = 10_000_000
	maxClients  = 256
	maxAccounts = 1000
)

// Command is a run as the command `corebank torture` is asked for it.
type Command struct {
	Config
	Faults string // names, separated by commas
	JSON   string // file for the report; empty for none
	Keep   bool   // the bank's data, whatever the result
}

// Check refuses a run that makes no sense, and picks a seed if there is none.
func (c *Command) Check() (err error) {
	if err := contract.CheckPartitions(c.Partitions); err != nil {
		return fmt.Errorf("--partitions: %w", err)
	}
	if c.Kinds, err = ParseKinds(c.Faults, c.Partitions); err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	switch {
	case c.Duration <= 0 || c.Duration > maxDuration:
		return fmt.Errorf("--duration %v: want more than 0 and at most %v, for example --duration 5m",
			c.Duration, maxDuration)
	case c.Each < 0 || c.Each > maxEach:
		return fmt.Errorf("--each %d: want at most %d, for example --each 20", c.Each, maxEach)
	case c.Events < 0 || c.Events > maxEvents:
		return fmt.Errorf("--events %d: want at most %d", c.Events, maxEvents)
	case c.Clients < 1 || c.Clients > maxClients:
		return fmt.Errorf("--clients %d: want 1 to %d", c.Clients, maxClients)
	case c.Accounts < 1 || c.Accounts > maxAccounts:
		return fmt.Errorf("--accounts %d: want 1 to %d", c.Accounts, maxAccounts)
	}
	if c.Seed == 0 {
		c.Seed = 1 + rand.Uint64N(1_000_000)
	}
	return nil
}

// Run runs a bank in a temporary directory, injects faults and checks. A violation
// is an error. After an error the data stays, and the command to repeat the run is
// printed.
func (c *Command) Run(ctx context.Context) (err error) {
	if c.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	held := ports.New()
	if c.Listen, err = held.Pick(); err != nil {
		return err
	}
	defer held.FreeAll()
	c.Release = held.FreeAll
	if c.Data, err = os.MkdirTemp("", "corebank-torture-"); err != nil {
		return err
	}
	report, err := Run(ctx, c.Config)
	if err == nil {
		err = c.writeJSON(report)
	}
	if err == nil && report.Violations > 0 {
		err = fmt.Errorf("%d violations", report.Violations)
	}
	if err != nil {
		fmt.Fprintf(c.Out, "\n  the data and logs are in %s\n  to repeat: %s\n", c.Data, c.line())
		return err
	}
	if c.Keep {
		fmt.Fprintf(c.Out, "\n  the data and logs are in %s\n", c.Data)
		return nil
	}
	return os.RemoveAll(c.Data)
}

// line is the command line that repeats the run.
func (c *Command) line() string {
	line := fmt.Sprintf("corebank torture --seed %d --faults %s --clients %d --accounts %d",
		c.Seed, c.Faults, c.Clients, c.Accounts)
	if c.Each > 0 {
		line += fmt.Sprintf(" --each %d", c.Each)
	} else {
		line += fmt.Sprintf(" --duration %v", c.Duration)
	}
	if c.Events > 0 {
		line += fmt.Sprintf(" --events %d", c.Events)
	}
	if c.Partitions > 1 {
		line += fmt.Sprintf(" --partitions %d", c.Partitions)
	}
	return line
}

func (c *Command) writeJSON(report Report) (err error) {
	if c.JSON == "" {
		return nil
	}
	file, err := os.Create(c.JSON)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return report.WriteJSON(file)
}
