package backup

import (
	"context"
	"errors"
	"time"

	"corebank/localbank"
	"corebank/localbank/datadir"
	"corebank/localbank/immudbserver"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// startImmudb runs immudb on the directory of a bank that does not run, until it is stopped.
func (c *RestoreConfig) startImmudb(
	ctx context.Context, data *datadir.Locked,
) (address string, stop func() error, err error) {
	held := ports.New()
	if address, err = held.Pick(); err != nil {
		return "", nil, err
	}
	process := supervisor.Process{Name: "immudb", Command: c.Program, Env: localbank.Environment(), Dir: data.Path,
		Args: []string{"immudb", "--dir=" + data.Inside(data.Immudb()), "--listen=" + address,
			"--admin-password-file=" + data.AdminPassword()},
		Ready:       func(ctx context.Context) error { return immudbserver.Check(ctx, address) },
		BeforeStart: func() error { return held.Free(address) },
		Grace:       2 * immudbserver.StopTime, ReadyWithin: time.Minute}
	group, err := supervisor.New(data.Logs(), func(supervisor.Event) {}, process)
	if err != nil {
		return "", nil, errors.Join(err, held.Free(address))
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- group.Run(running, func() { close(ready) }) }()
	stop = func() error { cancel(); return <-ended }
	select {
	case <-ready:
		return address, stop, nil
	case err = <-ended:
		cancel()
		return "", nil, err
	case <-ctx.Done():
		return "", nil, errors.Join(ctx.Err(), stop())
	}
}
