package auditrun

import (
	"errors"
	"fmt"

	"corebank/eventsource/immudb"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/internal/view/viewstore"
	"corebank/localbank/datadir"
)

// Config says what is audited. Without an address of immudb, it is the bank that runs on Data.
type Config struct {
	Data         string
	Immudb       immudb.Config
	PasswordFile string // with the password of immudb's user
	Views        viewstore.Config
	State        string // file of the last audited state

	Partitions int
	Addresses  []string // of the partitions' immudb servers, where they are others than Immudb's
	passwords  []string // of the partitions' users
}

// Check refuses a configuration that makes no sense.
func (c *Config) Check() error {
	if err := contract.CheckPartitions(c.Partitions); err != nil {
		return fmt.Errorf("--partitions: %w", err)
	}
	if c.Immudb.Address == "" {
		return nil
	}
	switch {
	case c.PasswordFile == "":
		return errors.New("--immudb needs --immudb-password-file")
	case c.Views.SQLite == "" && c.Views.MongoURI == "":
		return errors.New("--immudb needs --views, or MONGODB_URI")
	}
	return nil
}

// complete takes what the configuration leaves open from the bank's directory, and reads the passwords.
func (c *Config) complete() (err error) {
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
	c.Immudb.Address = running.Immudb
	partitions, err := datadir.ReadPartitions(c.Data)
	if err != nil {
		return err
	}
	if partitions > 0 {
		c.Partitions = partitions
	}
	data := datadir.Dir{Path: c.Data}
	for file, known := range map[*string]string{
		&c.PasswordFile: data.WriterPassword(0), &c.Views.SQLite: data.Views(), &c.State: data.Audited(),
	} {
		if *file == "" {
			*file = known
		}
	}
	return nil
}
