package storedlog

import (
	"context"
	"errors"
	"fmt"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// Config says which log. Without an address of immudb, it is that of the bank that runs on Data.
type Config struct {
	Data         string
	Immudb       immudb.Config
	PasswordFile string // with the password of immudb's user

	Partitions int
	Addresses  []string // of the partitions' immudb servers, where they are others than Immudb's

	passwords map[string]string // of the users, by what comes after the name of their file
	machine   datadir.Dir       // with the views of the bank on Data: its own or, of several machines, that of one
}

// Check refuses a configuration that makes no sense.
func (c *Config) Check() error {
	if err := contract.CheckPartitions(c.Partitions); err != nil {
		return fmt.Errorf("--partitions: %w", err)
	}
	if c.Immudb.Address != "" && c.PasswordFile == "" {
		return errors.New("--immudb needs --immudb-password-file")
	}
	return nil
}

// Complete takes what the configuration leaves open from the bank's directory, and reads the passwords.
func (c *Config) Complete(ctx context.Context) error {
	if c.Immudb.Address == "" {
		if err := c.completeFromData(ctx); err != nil {
			return err
		}
	} else if err := c.findPrimary(ctx); err != nil {
		return err
	}
	c.passwords = make(map[string]string)
	_, err := c.Immudb.Parts(c.Partitions, func(suffix string) (password string, err error) {
		password, err = readPassword(c.PasswordFile + suffix)
		c.passwords[suffix] = password
		return password, err
	})
	c.Immudb.Password = c.passwords[""]
	return err
}

func readPassword(file string) (string, error) {
	password, err := secrets.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--immudb-password-file: %w", err)
	}
	return password, nil
}

func (c *Config) completeFromData(ctx context.Context) error {
	running, err := datadir.ReadRunning(c.Data)
	if errors.Is(err, datadir.ErrNeverRan) {
		return fmt.Errorf("%w; give the directory of a bank, or --immudb host:port", err)
	}
	if err != nil {
		return err
	}
	c.machine = datadir.Dir{Path: c.Data}
	if len(running.Machines) > 0 {
		if running, err = c.choose(ctx, running.Machines); err != nil {
			return err
		}
	}
	c.Immudb.Address = running.Immudb
	partitions, err := datadir.ReadPartitions(c.machine.Path)
	if err != nil {
		return err
	}
	if partitions > 0 {
		c.Partitions = partitions
	}
	if c.PasswordFile == "" {
		c.PasswordFile = datadir.Dir{Path: c.Data}.WriterPassword(0)
	}
	return nil
}

// choose finds the machine whose immudb takes the commits: it has all that was acknowledged.
func (c *Config) choose(ctx context.Context, machines []datadir.Machine) (of datadir.Running, err error) {
	asked := c.Immudb
	found := make(map[string]datadir.Machine)
	for _, machine := range machines {
		running, err := datadir.ReadRunning(machine.Data)
		if err != nil {
			continue // it has lost its disk, or was never there
		}
		asked.Addresses = append(asked.Addresses, running.Immudb)
		found[running.Immudb] = machine
	}
	if asked.AdminPassword, err = secrets.ReadFile(datadir.Dir{Path: c.Data}.AdminPassword()); err != nil {
		return of, err
	}
	observed := asked.Observe(ctx)
	plan, err := copies.Decide(observed, copies.Wish{Copies: copies.DefaultCopies(len(machines))})
	if err == nil && !plan.Keep {
		err = errors.New("none of its machines takes commits now")
	}
	if err != nil {
		return of, fmt.Errorf("find the log of the bank on --data %s: %w; is it started?", c.Data, err)
	}
	c.machine = datadir.Dir{Path: found[plan.Primary].Data}
	return datadir.ReadRunning(c.machine.Path)
}

// Machine is the directory with the views of a complete configuration's bank. A bank on one machine has one.
func (c *Config) Machine() datadir.Dir { return c.machine }

// Databases are those of a complete configuration: of a log with several partitions first that of their sequence, then
// one of each.
func (c *Config) Databases() []immudb.Config {
	known := func(suffix string) (string, error) { return c.passwords[suffix], nil }
	databases, _ := c.Immudb.Parts(c.Partitions, known) // it fails only if a password does
	for i := range databases {
		if len(databases) > 1 {
			databases[i].Partition = storage.Partition{Number: i, Of: c.Partitions}
		}
		if i > 0 && i <= len(c.Addresses) {
			databases[i].Address = c.Addresses[i-1]
		}
	}
	return databases
}

// Explain adds what to do if immudb does not answer to what a command wants to do.
func (c *Config) Explain(what string, err error) error {
	return fmt.Errorf("%w; %s needs the immudb of a running bank, here at %s", err, what, c.Immudb.Address)
}
