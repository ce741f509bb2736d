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
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that PostgreSQL is not installed, and how to install it.
var ErrMissing = errors.New("PostgreSQL is not installed: initdb and postgres are neither on PATH nor below " +
	"/usr/lib/postgresql; on Debian and Ubuntu, apt-get install postgresql")

const (
	startTimeout = time.Minute
	startPause   = 50 * time.Millisecond
	stopTimeout  = 15 * time.Second
)

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
	runAs   []string // see ownDir
	command *exec.Cmd
	ended   chan error
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
func Start(ctx context.Context) (server *Server, err error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{ended: make(chan error, 1)}
	if s.dir, s.runAs, err = ownDir(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	data := filepath.Join(s.dir, "data")
	initialize := s.program(filepath.Join(bin, "initdb"), "--pgdata="+data, "--username=bench", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync")
	if text, err := initialize.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, lastLine(text))
	}
	if err := s.serve(ctx, filepath.Join(bin, "postgres"), data); err != nil {
		return nil, err
	}
	return s, nil
}

// ownDir makes a directory for a server and returns the command that runs
// programs as its owner. PostgreSQL refuses to run as root; then its owner is
// another user, and the directory is in /tmp, which every user may enter.
func ownDir() (dir string, runAs []string, err error) {
	if os.Getuid() != 0 {
		dir, err = os.MkdirTemp("", "corebank-pg-")
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

// program is a command that runs in the server's directory as its owner.
func (s *Server) program(arguments ...string) *exec.Cmd {
	arguments = append(slices.Clone(s.runAs), arguments...)
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Dir = s.dir
	return command
}

func (s *Server) serve(ctx context.Context, program, data string) error {
	arguments := []string{program, "-D", data}
	for _, setting := range append(settings, "unix_socket_directories="+s.dir) {
		arguments = append(arguments, "-c", setting)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.command = s.program(arguments...)
	s.command.Stdout, s.command.Stderr = log, log
	if err := s.command.Start(); err != nil {
		return err
	}
	s.PID = s.command.Process.Pid
	go func() { s.ended <- s.command.Wait() }()
	return s.await(ctx)
}

// await waits until the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, s.Address())
		if err == nil {
			err = connection.QueryRow(ctx, "SELECT split_part(version(), ' ', 2)").Scan(&s.Version)
			return errors.Join(err, connection.Close(ctx))
		}
		select {
		case ended := <-s.ended:
			s.ended <- ended
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("postgres ended: %w: %s", ended, lastLine(text))
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(startPause):
		}
	}
}

// Address is the connection string of the server.
func (s *Server) Address() string {
	return "host=" + s.dir + " user=bench dbname=postgres sslmode=disable"
}

// Stop ends the server and removes its files.
func (s *Server) Stop() error {
	if s.command != nil && s.command.Process != nil {
		_ = s.command.Process.Signal(syscall.SIGINT) // it may have ended
		select {
		case <-s.ended:
		case <-time.After(stopTimeout):
			_ = s.command.Process.Kill()
			<-s.ended
		}
	}
	return os.RemoveAll(s.dir)
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
