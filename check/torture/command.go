package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"corebank/check/hosts"
	"corebank/check/must"
	"corebank/internal/contract"
	"corebank/internal/output"
	"corebank/internal/scratch"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
)

const maxDuration = 12 * time.Hour

// Command is a run as the command `corebank torture` is asked for it.
type Command struct {
	Config
	Faults string    // names, separated by commas
	JSON   string    // file for the report; empty for none
	Keep   bool      // the bank's data, whatever the result
	Stdout io.Writer // where a person reads how it goes, unless JSON goes there

	missing error // why some faults are left out
}

// Check refuses a run that makes no sense, and picks a seed if there is none.
func (c *Command) Check() (err error) {
	if err := contract.CheckPartitions(c.Partitions); err != nil {
		return fmt.Errorf("--partitions: %w", err)
	}
	kinds := Kinds(c.Partitions)
	switch {
	case c.From != "" && (c.Machines > 1 || c.Events > 0):
		return errors.New("--from: a bank of two releases is on one machine, and begins empty; " +
			"leave out --machines and --events")
	case c.From != "":
		kinds = ReleaseKinds()
	case c.Machines > 1:
		kinds = MachineKinds()
	}
	if c.Kinds, err = ParseKinds(c.Faults, kinds); err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	if err := c.checkMachines(); err != nil {
		return err
	}
	if err := c.checkHosts(); err != nil {
		return err
	}
	if c.Duration <= 0 || c.Duration > maxDuration {
		return fmt.Errorf("--duration %v: want more than 0 and at most %v, for example --duration 5m",
			c.Duration, maxDuration)
	}
	for _, bound := range []struct {
		flag          string
		is, low, high int
	}{
		{"--each", c.Each, 0, 10_000},
		{"--events", c.Events, 0, 10_000_000},
		{"--clients", c.Clients, 1, 256},
		{"--accounts", c.Accounts, 1, 1000},
	} {
		if bound.is < bound.low || bound.is > bound.high {
			return fmt.Errorf("%s %d: want %d to %d", bound.flag, bound.is, bound.low, bound.high)
		}
	}
	if err := output.Check(c.JSON); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	if c.Out = c.Stdout; c.JSON == output.Stdout {
		c.Out = os.Stderr
	}
	if c.Seed == 0 {
		c.Seed = 1 + rand.Uint64N(1_000_000)
	}
	return nil
}

// checkMachines refuses machines that cannot be tortured.
func (c *Command) checkMachines() error {
	switch err := datadir.CheckMachines(max(c.Machines, 1)); {
	case err != nil:
		return fmt.Errorf("--machines: %w", err)
	case c.Machines > 1 && (c.Partitions > 1 || c.Events > 0):
		return errors.New("--machines: a bank on several machines begins empty, with a log of one partition; " +
			"leave out --partitions and --events")
	}
	return nil
}

// checkHosts leaves out of all faults those that need hosts where there can be none, and
// refuses them where they were asked for.
func (c *Command) checkHosts() error {
	if !slices.ContainsFunc(c.Kinds, Kind.needsHosts) {
		return nil
	}
	c.missing = hosts.Supported()
	if c.missing == nil {
		return nil
	}
	if c.Faults != "all" {
		return fmt.Errorf("--faults: cutting machines off and slowing their disks down is not possible here: %w", c.missing)
	}
	c.Kinds = slices.DeleteFunc(c.Kinds, Kind.needsHosts)
	return nil
}

// Run runs a bank in a temporary directory, injects faults and checks. A violation
// is an error. After an error the data stays, and the command to repeat the run is
// printed, unless somebody ended the run before there was anything to check.
func (c *Command) Run(ctx context.Context) (err error) {
	defer must.Catch(&err)
	held := ports.New()
	defer held.FreeAll()
	c.Program, c.Listen, c.Release = must.Get(os.Executable()), must.Get(held.Pick()), held.FreeAll
	c.Data = must.Get(scratch.Make("torture"))
	if c.missing != nil {
		fmt.Fprintf(c.Out, "Machines are not cut off, and their disks not slowed down: %v\n", c.missing)
	}
	report, err := Run(ctx, c.Config)
	if err == nil && c.JSON != "" {
		err = c.writeJSON(context.WithoutCancel(ctx), report)
	}
	if err == nil && report.Violations > 0 {
		err = fmt.Errorf("%d violations", report.Violations)
	}
	if err == nil && !c.Keep {
		return os.RemoveAll(c.Data)
	}
	if ctx.Err() != nil && report.Violations == 0 && !c.Keep {
		return errors.Join(fmt.Errorf("ended early (%w): %w", context.Cause(ctx), err), os.RemoveAll(c.Data))
	}
	fmt.Fprintf(c.Out, "\n  the data and logs are in %s\n", c.Data)
	if err != nil {
		fmt.Fprintf(c.Out, "  to repeat: %s\n", c.line())
	}
	return err
}

func (c *Command) line() string {
	until := fmt.Sprintf("--duration %v", c.Duration)
	if c.Each > 0 {
		until = fmt.Sprintf("--each %d", c.Each)
	}
	line := fmt.Sprintf("corebank torture --seed %d --faults %s --clients %d --accounts %d %s --events %d "+
		"--partitions %d --machines %d",
		c.Seed, c.Faults, c.Clients, c.Accounts, until, c.Events, c.Partitions, max(c.Machines, 1))
	if c.From != "" {
		line += " --from " + c.From
	}
	return line
}

func (c *Command) writeJSON(ctx context.Context, report Report) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	err = output.Write(ctx, c.JSON, c.Stdout, func(out io.Writer) error {
		_, err := out.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}
