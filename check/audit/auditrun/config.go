package auditrun

import (
	"context"
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
	// LogOnly leaves the views out, and saves nothing: the bank does not run, and its views are to be made again.
	LogOnly bool
}

// Check refuses a configuration that makes no sense.
func (c *Config) Check() error {
	if err := c.Config.Check(); err != nil {
		return err
	}
	if c.Immudb.Address != "" && !c.LogOnly && c.Views.SQLite == "" && c.Views.MongoURI == "" {
		return errors.New("--immudb needs --views, or MONGODB_URI")
	}
	return nil
}

// complete takes what the configuration leaves open from the bank's directory.
func (c *Config) complete(ctx context.Context) error {
	ofData := c.Immudb.Address == ""
	if err := c.Complete(ctx); err != nil || !ofData {
		return err
	}
	data := datadir.Dir{Path: c.Data}
	for file, known := range map[*string]string{&c.Views.SQLite: c.Machine().Views(), &c.State: data.Audited()} {
		if *file == "" {
			*file = known
		}
	}
	return nil
}

// explain adds what to do if immudb does not answer. An immudb that was started for the audit has no address to name.
func (c *Config) explain(err error) error {
	if c.LogOnly {
		return err
	}
	return c.Explain("the audit", err)
}
