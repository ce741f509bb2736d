package localbank

import (
	"context"
	"errors"
	"fmt"

	"corebank/localbank/datadir"
	"corebank/localbank/immudbserver"
)

// movedText is what a person reads of a directory that was copied.
const movedText = "The data in %s was copied or moved here: its log is checked, and the rest is made again from it\n"

// settle makes sure of a data directory that was copied to where it is, before a bank opens on it. The copy may have
// been made while the bank ran, file by file: then its log is right or is refused, and nothing else is believed.
func (c Config) settle(ctx context.Context, data *datadir.Locked, say func(format string, v ...any)) error {
	if !data.Copied() {
		return nil
	}
	if err := data.CheckCopy(); err != nil {
		return err
	}
	say(movedText, shown(data.Path))
	if err := immudbserver.RemoveDerived(data.Immudb()); err != nil {
		return err
	}
	if c.CheckLog == nil {
		return fmt.Errorf("the data directory %s was copied, and this program cannot check its log: "+
			"start it with corebank up", data.Path)
	}
	if err := c.CheckLog(ctx, data.Dir); err != nil {
		return fmt.Errorf("the data directory %s is a copy with which no bank is opened: %w", data.Path, err)
	}
	return errors.Join(data.Forget(), data.Settle())
}
