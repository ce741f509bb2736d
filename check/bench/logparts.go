package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"corebank/localbank/supervisor"
)

// logParts are immudb and the event source as processes, without a broker to
// publish to and without anybody who reads.
type logParts struct {
	immudb, service string // addresses
	admin           string // immudb's administrator's password
	processes       map[string]int
}

const logDatabase = "corebank"

// startLog starts the log, or returns the one that runs.
func (l *lab) startLog(ctx context.Context) (*logParts, error) {
	if l.log != nil {
		return l.log, nil
	}
	secrets := filepath.Join(l.dir, "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return nil, err
	}
	p := &logParts{admin: "Aa1!" + rand.Text()}
	adminFile, writerFile := filepath.Join(secrets, "admin"), filepath.Join(secrets, "writer")
	var health, sidecar string
	err := errors.Join(
		os.WriteFile(adminFile, []byte(p.admin), 0o600),
		os.WriteFile(writerFile, []byte("Aa1!"+rand.Text()), 0o600),
		pick(&p.immudb, &p.service, &health, &sidecar),
	)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(l.dir, "immudb")
	p.processes, err = l.start(ctx,
		supervisor.Process{Name: "immudb", Command: l.Program, Env: environment(), Dir: l.dir, Args: []string{"immudb",
			"--dir=" + data, "--listen=" + p.immudb, "--admin-password-file=" + adminFile}},
		supervisor.Process{Name: "eventsource", Command: l.Program, Needs: []string{"immudb"}, Dir: l.dir,
			// Nothing listens where the sidecar should be: the relay waits for it.
			Env: environment("DAPR_GRPC_ENDPOINT=" + sidecar),
			Args: []string{"eventsource", "--listen=" + p.service, "--health=" + health, "--immudb=" + p.immudb, "--immudb-database=" + logDatabase,
				"--immudb-password-file=" + writerFile, "--immudb-admin-password-file=" + adminFile, "--state-dir=" + l.dir, "--disk=" + l.dir, "--log-level=error"},
			Ready: func(ctx context.Context) error { return answersOK(ctx, "http://"+health+"/readyz") }},
	)
	l.log = p
	return p, err
}

// pick fills in free addresses.
func pick(addresses ...*string) (err error) {
	for _, address := range addresses {
		if *address, err = freeAddress(); err != nil {
			return err
		}
	}
	return nil
}

// answersOK fails unless a URL answers 200.
func answersOK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", strings.TrimPrefix(url, "http://"), answer.Status)
	}
	return nil
}
