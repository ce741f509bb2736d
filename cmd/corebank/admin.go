package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/projector"
)

// adminHelp ends the help of the commands that ask a projector for work.
const adminHelp = `The projector that is asked is the one of the bank that runs on --data, or the
one whose --health address --projector names, with the token in
--admin-token-file. It takes such requests from its own machine only: in a
container, run the command there.`

// adminConfig says which projector is asked.
type adminConfig struct{ data, address, tokenFile string }

func adminFlags(c *cobra.Command, config *adminConfig) {
	c.Flags().StringVar(&config.data, "data", ".corebank", "directory of the bank that \"corebank up\" runs")
	c.Flags().StringVar(&config.address, "projector", "", "address of a projector on this machine, instead of --data; for example 127.0.0.1:7403")
	c.Flags().StringVar(&config.tokenFile, "admin-token-file", "", "file with that projector's admin token")
}

// find finds the projector.
func (c adminConfig) find() (projector.Admin, error) {
	if c.address != "" {
		token, err := readSecret("admin-token-file", c.tokenFile)
		return projector.Admin{Address: c.address, Token: token}, err
	}
	running, err := datadir.ReadRunning(c.data)
	if errors.Is(err, datadir.ErrNeverRan) {
		return projector.Admin{}, fmt.Errorf("%w; give the directory of a bank, or --projector host:port", err)
	}
	if err != nil {
		return projector.Admin{}, err
	}
	address := running.Parts[contract.AppProjector]
	if address == "" {
		return projector.Admin{}, fmt.Errorf("the bank on --data %s does not say where its projector is; start it again with this build", c.data)
	}
	token, err := secrets.Read(c.data, secrets.Admin)
	return projector.Admin{Address: address, Token: token}, err
}

// explain says what to do where no projector answers.
func (c adminConfig) explain(err error) error {
	switch {
	case !errors.Is(err, projector.ErrNoProjector):
		return err
	case c.address != "":
		return fmt.Errorf("%w; give the projector's own --health address", err)
	default:
		return fmt.Errorf("%w; start the bank with: corebank up --data %s", err, c.data)
	}
}
