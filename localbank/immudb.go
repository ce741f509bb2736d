package localbank

import (
	"context"
	"errors"
	"path/filepath"

	"corebank/localbank/datadir"
	"corebank/localbank/immudbserver"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// Immudb is the database of the bank on a directory, as a process.
func Immudb(program string, data datadir.Dir, address string) supervisor.Process {
	return supervisor.Process{
		Name: partImmudb, Command: program, Env: Environment(), Dir: data.Path,
		Args: []string{"immudb", "--dir=" + filepath.ToSlash(data.Inside(data.Immudb())), "--listen=" + address,
			"--admin-password-file=" + data.AdminPassword()},
		Ready:       func(ctx context.Context) error { return immudbserver.Check(ctx, address) },
		ReadyWithin: longStart,
	}
}

// RunImmudb runs the database of a bank that does not run, until it is stopped.
func RunImmudb(ctx context.Context, program string, data datadir.Dir) (address string, stop func() error, err error) {
	held := ports.New()
	if address, err = held.Pick(); err != nil {
		return "", nil, err
	}
	process := Immudb(program, data, address)
	process.BeforeStart = func() error { return held.Free(address) }
	process.Grace = 2 * immudbserver.StopTime // nothing else waits for it
	group, err := supervisor.New(data.Logs(), func(supervisor.Event) {}, process)
	if err != nil {
		return "", nil, errors.Join(err, held.Free(address))
	}
	stop, err = group.Start(ctx)
	return address, stop, err
}
