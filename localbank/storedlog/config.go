package storedlog

import (
	"errors"
	"fmt"

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
	passwords  []string // of the partitions' users
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
func (c *Config) Complete() (err error) {
	if c.Immudb.Address == "" {
		if err := c.completeFromData(); err != nil {
			return err
		}
	}
	if c.Immudb.Password, err = readPassword(c.PasswordFile); err != nil {
		return err
	}
	for i := range contract.PartitionApps(c.Partitions) {
		password, err := readPassword(fmt.Sprintf("%s-%d", c.PasswordFile, i+1))
		if err != nil {
			return err
		}
		c.passwords = append(c.passwords, password)
	}
	return nil
}

func readPassword(file string) (string, error) {
	password, err := secrets.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--immudb-password-file: %w", err)
	}
	return password, nil
}

func (c *Config) completeFromData() error {
	running, err := datadir.ReadRunning(c.Data)
	if errors.Is(err, datadir.ErrNeverRan) {
		return fmt.Errorf("%w; give the directory of a bank, or --immudb host:port", err)
	}
	if err != nil {
		return err
	}
	if running.Immudb == "" {
		return fmt.Errorf("the bank on --data %s has several machines: give the directory of one of them, or --immudb",
			c.Data)
	}
	c.Immudb.Address = running.Immudb
	partitions, err := datadir.ReadPartitions(c.Data)
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

// Databases are those of a complete configuration: of a log with several partitions first that of their sequence, then
// one of each.
func (c *Config) Databases() []immudb.Config {
	if c.Partitions == 1 {
		return []immudb.Config{c.Immudb}
	}
	sequence := c.Immudb
	sequence.Partition = storage.Partition{Of: c.Partitions}
	databases := []immudb.Config{sequence}
	for i := range c.Partitions {
		part := c.Immudb
		part.Partition = storage.Partition{Number: i + 1, Of: c.Partitions}
		part.Database = immudb.NameOfPartition(part.Database, i+1)
		part.User = immudb.NameOfPartition(part.User, i+1)
		part.Password = c.passwords[i]
		if i < len(c.Addresses) {
			part.Address = c.Addresses[i]
		}
		databases = append(databases, part)
	}
	return databases
}

// Explain adds what to do if immudb does not answer to what a command wants to do.
func (c *Config) Explain(what string, err error) error {
	return fmt.Errorf("%w; %s needs the immudb of a running bank, here at %s", err, what, c.Immudb.Address)
}
