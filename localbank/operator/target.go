package operator

import (
	"errors"
	"fmt"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/projector"
)

// Target says which projector is asked: the one at an address of this machine, or
// else that of the bank on a data directory.
type Target struct{ Data, Address, TokenFile string }

func (t Target) admin() (projector.Admin, error) {
	if t.Address != "" {
		return t.adminAt()
	}
	running, err := datadir.ReadRunning(t.Data)
	if errors.Is(err, datadir.ErrNeverRan) {
		return projector.Admin{}, fmt.Errorf("%w; give the directory of a bank, or --projector host:port", err)
	}
	if err != nil {
		return projector.Admin{}, err
	}
	address := running.Parts[contract.AppProjector]
	if n := len(running.Machines); n > 0 {
		return projector.Admin{}, fmt.Errorf("the bank on --data %s is on %d machines, each with a projector of its own: "+
			"give the directory of one, such as --data %s", t.Data, n, datadir.Dir{Path: t.Data}.MachineDir(1).Path)
	}
	if address == "" {
		return projector.Admin{}, fmt.Errorf(
			"the bank on --data %s has not written the address of its projector; start it again with this build", t.Data)
	}
	token, err := secrets.Read(t.Data, secrets.Admin)
	return projector.Admin{Address: address, Token: token}, err
}

func (t Target) adminAt() (projector.Admin, error) {
	admin := projector.Admin{Address: t.Address}
	if t.TokenFile == "" {
		return admin, nil
	}
	var err error
	if admin.Token, err = secrets.ReadFile(t.TokenFile); err != nil {
		err = fmt.Errorf("--admin-token-file: %w", err)
	}
	return admin, err
}

// explain adds what to do if no projector answers.
func (t Target) explain(err error) error {
	switch {
	case !errors.Is(err, projector.ErrNoProjector):
		return err
	case t.Address != "":
		return fmt.Errorf("%w; give the projector's own --health address", err)
	}
	start, problem := datadir.Dir{Path: t.Data}.StartAll()
	if start == "" || problem != nil {
		start = "corebank up --data " + t.Data
	}
	return fmt.Errorf("%w; start the bank with: %s", err, start)
}
