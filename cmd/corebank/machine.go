package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/spf13/cobra"

	"corebank/localbank/datadir"
	"corebank/localbank/operator"
)

// newMachine is the command that shows and changes the machines of "corebank up --machines".
func newMachine() *cobra.Command {
	target := operator.Machines{}
	c := &cobra.Command{
		Use:     "machine [stop | lose | start] [NUMBER]",
		GroupID: groupBank,
		Short:   "Show, stop, lose and start the machines of a bank",
		Args:    machineArguments,
	}
	c.RunE = work(func(ctx context.Context, _ *slog.Logger) error {
		target.Out = c.OutOrStdout()
		arguments := c.Flags().Args()
		if len(arguments) == 0 {
			return target.Show()
		}
		number, err := strconv.Atoi(arguments[1])
		if err != nil {
			return err
		}
		return target.Change(ctx, number, machineWishes[arguments[0]])
	})
	c.Flags().StringVar(&target.Data, "data", datadir.Default, "directory of the bank that \"corebank up\" runs")
	return c
}

// machineWishes are what can be done with a machine, by the word for it.
var machineWishes = map[string]string{"stop": datadir.WishStop, "lose": datadir.WishLose, "start": ""}

func machineArguments(_ *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	if _, known := machineWishes[arguments[0]]; !known {
		return fmt.Errorf("there is no %q for a machine; choose among stop, lose and start", arguments[0])
	}
	if len(arguments) != 2 {
		return errors.New("give the number of one machine, for example: corebank machine " + arguments[0] + " 2")
	}
	if _, err := strconv.Atoi(arguments[1]); err != nil {
		return fmt.Errorf("%q is no number of a machine; give one, for example: corebank machine %s 2",
			arguments[1], arguments[0])
	}
	return nil
}
