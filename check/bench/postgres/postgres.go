package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/scratch"
	"corebank/localbank/supervisor"
)

// ErrMissing says that PostgreSQL is not installed, and how to install it.
var ErrMissing = errors.New("PostgreSQL is not installed: initdb and postgres are neither on PATH nor below " +
	"/usr/lib/postgresql; on Debian and Ubuntu, apt-get install postgresql")

// settings are PostgreSQL's defaults, except for more memory and log, so that not
// every measurement has a checkpoint. The defaults for durability are listed to
// be seen.
var settings = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on",
	"shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "max_connections=200", "listen_addresses="}

// Server is a running PostgreSQL.
type Server struct {
	PID     int
	Version string
	dir     string
	stop    func() error // nil if it does not run
}

// find returns the directory of the programs of the newest installed PostgreSQL.
func find() (bin string, err error) {
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is valid
	slices.SortFunc(installed, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(b, a)) })
	if path, err := exec.LookPath("initdb"); err == nil {
		installed = append([]string{filepath.Dir(path)}, installed...)
	}
	for _, bin := range installed {
		_, err := exec.LookPath(filepath.Join(bin, "initdb"))
		_, err2 := exec.LookPath(filepath.Join(bin, "postgres"))
		if errors.Join(err, err2) == nil {
			return bin, nil
		}
	}
	return "", ErrMissing
}

// Start creates a database in a temporary directory and serves it until Stop.
func Start(ctx context.Context) (s *Server, err error) {
	s = new(Server)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	defer must.Catch(&err)
	bin := must.Get(find())
	var runAs []string
	s.dir, runAs, err = ownDir()
	must.Do(err)
	data := filepath.Join(s.dir, "data")
	// program is a command line that runs in the server's directory as its owner.
	program := func(name string, arguments ...string) []string {
		return slices.Concat(runAs, []string{filepath.Join(bin, name)}, arguments)
	}
	initdb := program("initdb", "--pgdata="+data, "--username=bench", "--auth=trust", "--encoding=UTF8", "--locale=C",
		"--no-sync")
	initialize := exec.Command(initdb[0], initdb[1:]...)
	initialize.Dir = s.dir
	if text, err := initialize.CombinedOutput(); err != nil {
		return s, fmt.Errorf("initdb: %w: %s", err, text)
	}
	serve := program("postgres", "-D", data)
	for _, setting := range append(settings, "unix_socket_directories="+s.dir) {
		serve = append(serve, "-c", setting)
	}
	started := must.Get(livebank.Supervise(ctx, filepath.Join(s.dir, "logs"), func(string, error) {},
		supervisor.Process{Name: "postgres", Command: serve[0], Args: serve[1:], Env: os.Environ(), Dir: s.dir,
			Ready: s.answers, StopSignal: os.Interrupt}))
	s.PID, s.stop = started.PIDs["postgres"], started.Stop
	return s, nil
}

func (s *Server) answers(ctx context.Context) error {
	connection, err := pgx.Connect(ctx, s.Address())
	if err != nil {
		return err
	}
	err = connection.QueryRow(ctx, "SELECT split_part(version(), ' ', 2)").Scan(&s.Version)
	return errors.Join(err, connection.Close(ctx))
}

// ownDir makes a directory for a server and returns the command that runs
// programs as its owner. PostgreSQL refuses to run as root; then its owner is
// another user, and the directory is in /tmp, which every user may enter.
func ownDir() (dir string, runAs []string, err error) {
	if os.Getuid() != 0 {
		dir, err = scratch.Make("pg")
		return dir, nil, err
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(found.Uid)
		gid, err2 := strconv.Atoi(found.Gid)
		if err := errors.Join(err, err2); err != nil {
			return "", nil, err
		}
		if dir, err = os.MkdirTemp("/tmp", "corebank-pg-"); err != nil {
			return "", nil, err
		}
		return dir, []string{"setpriv", "--reuid=" + found.Uid, "--regid=" + found.Gid, "--clear-groups"},
			os.Chown(dir, uid, gid)
	}
	return "", nil, errors.New("PostgreSQL cannot run as root, and there is no user postgres or nobody to run it as")
}

// Address is the connection string of the server.
func (s *Server) Address() string {
	return "host=" + s.dir + " user=bench dbname=postgres sslmode=disable"
}

// Stop ends the server and removes its files.
func (s *Server) Stop() (err error) {
	if s.stop != nil {
		err = s.stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
