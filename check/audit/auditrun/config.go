package auditrun

import (
	"errors"

	"corebank/internal/view/viewstore"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

// Config says what is audited: a log, and the views of it.
type Config struct {
	storedlog.Config
	Views viewstore.Config
	State string // file of the last audited state
}

// Check refuses a configuration that makes no sense.
func (c *Config) Check() error {
	if err := c.Config.Check(); err != nil {
		return err
	}
	if c.Immudb.Address != "" && c.Views.SQLite == "" && c.Views.MongoURI == "" {
		return errors.New("--immudb needs --views, or MONGODB_URI")
	}
	return nil
}

// complete takes what the configuration leaves open from the bank's directory.
func (c *Config) complete() error {
	ofData := c.Immudb.Address == ""
	if err := c.Complete(); err != nil || !ofData {
		return err
	}
	data := datadir.Dir{Path: c.Data}
	for file, known := range map[*string]string{&c.Views.SQLite: data.Views(), &c.State: data.Audited()} {
		if *file == "" {
			*file = known
		}
	}
	return nil
}
