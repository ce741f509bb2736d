package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that PostgreSQL is not installed, and how that is changed.
var ErrMissing = errors.New("PostgreSQL is not installed: initdb and postgres are neither on PATH nor below /usr/lib/postgresql; " +
	"on Debian and Ubuntu, apt-get install postgresql")

const (
	startMost = time.Minute
	startLook = 50 * time.Millisecond
	stopMost  = 15 * time.Second
)

// settings are PostgreSQL's own, but for room in memory and in its log, so that
// no checkpoint falls into every measurement. Durability is as it comes, and
// written here for all to see.
var settings = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on",
	"shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "max_connections=200", "listen_addresses="}

// Server is a PostgreSQL that runs.
type Server struct {
	PID     int
	Version string // as it tells
	dir     string
	command *exec.Cmd
	ended   chan error
}

// Find finds the newest PostgreSQL that is installed, by the directory of its
// programs.
func Find() (bin string, err error) {
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is sound
	slices.SortFunc(installed, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(b, a)) })
	if path, err := exec.LookPath("initdb"); err == nil {
		installed = append([]string{filepath.Dir(path)}, installed...)
	}
	for _, bin := range installed {
		if executable(filepath.Join(bin, "initdb")) && executable(filepath.Join(bin, "postgres")) {
			return bin, nil
		}
	}
	return "", ErrMissing
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Start makes a database in a temporary directory and serves it until Stop.
func Start(ctx context.Context) (server *Server, err error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	as, err := account()
	if err != nil {
		return nil, err
	}
	s := &Server{ended: make(chan error, 1)}
	place, err := as.place(os.TempDir(), "/tmp", "/var/tmp")
	if err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp(place, "corebank-pg-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if err := as.give(s.dir); err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	initialise := as.command(exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+data, "--username=bench", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"))
	initialise.Dir = s.dir
	if text, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, lastLine(text))
	}
	if err := s.serve(ctx, as, filepath.Join(bin, "postgres"), data); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) serve(ctx context.Context, as owner, program, data string) error {
	arguments := []string{"-D", data}
	for _, setting := range append(settings, "unix_socket_directories="+s.dir) {
		arguments = append(arguments, "-c", setting)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.command = as.command(exec.Command(program, arguments...))
	s.command.Dir, s.command.Stdout, s.command.Stderr = s.dir, log, log
	if err := s.command.Start(); err != nil {
		return err
	}
	s.PID = s.command.Process.Pid
	go func() { s.ended <- s.command.Wait() }()
	return s.await(ctx)
}

// await waits until the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startMost)
	defer cancel()
	look := time.NewTicker(startLook)
	defer look.Stop()
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
		case <-look.C:
		}
	}
}

// Address is how it is reached.
func (s *Server) Address() string {
	return "host=" + s.dir + " user=bench dbname=postgres sslmode=disable"
}

// Stop ends the server and removes all that it has.
func (s *Server) Stop() error {
	if s.command != nil && s.command.Process != nil {
		_ = s.command.Process.Signal(syscall.SIGINT) // it may have ended
		select {
		case <-s.ended:
		case <-time.After(stopMost):
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
