package immudb_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codenotary/immudb/pkg/server"

	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
	"corebank/eventsource/storage"
)

// startServer runs a real immudb server in this process, on a loopback port, in a directory of the test.
func startServer(t testing.TB) immudb.Config { return startServerIn(t, t.TempDir()) }

// startServerIn is startServer with its data in dir/data.
func startServerIn(t testing.TB, dir string) immudb.Config {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := lis.Addr().String()
	options := server.DefaultOptions().WithDir(filepath.Join(dir, "data")).WithListener(lis).
		WithLogDir(filepath.Join(dir, "logs")).WithLogfile("immudb.log").
		WithMetricsServer(false).WithWebServer(false).WithPgsqlServer(false).
		WithAdminPassword("Adm1n!password").WithSigningKey("")
	srv := server.DefaultServer().WithOptions(options).(*server.ImmuServer)
	if err := srv.Initialize(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	t.Cleanup(func() {
		if err := srv.Stop(); err != nil {
			t.Errorf("stop immudb: %v", err)
		}
		<-ended
	})
	return immudb.Config{Address: address, Database: "corebank", User: "eventsource",
		Password: "Writ3r!password", AdminPassword: "Adm1n!password", StateDir: t.TempDir()}
}

func TestImmudb(t *testing.T) {
	server := startServer(t)
	databases := 0
	logtest.Run(t, func(t *testing.T) func() storage.Log {
		databases++
		config := server
		config.Database = fmt.Sprintf("corebank%d", databases)
		config.User = fmt.Sprintf("eventsource%d", databases)
		return func() storage.Log {
			config := config
			config.StateDir = t.TempDir() // as on different machines
			s := immudb.NewLog(config)
			t.Cleanup(func() {
				if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			return s
		}
	})
}

func TestALostPasswordIsReplacedByTheAdministrator(t *testing.T) {
	config := startServer(t)
	first := immudb.NewLog(config)
	if _, err := first.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	config.Password = "Another1!password"
	second := immudb.NewLog(config)
	if _, err := second.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestImmudbIsNotOpenedWithoutRights(t *testing.T) {
	server := startServer(t)
	for name, test := range map[string]struct {
		change func(*immudb.Config)
		says   string
	}{
		"no user yet and no administrator": {
			func(c *immudb.Config) { c.AdminPassword = "" }, "invalid user name or password"},
		"a wrong administrator": {
			func(c *immudb.Config) { c.AdminPassword = "Wr0ng!password" }, "log in as administrator"},
		"the published default password": {
			func(c *immudb.Config) { c.AdminPassword = "immudb" }, "published default password"},
		"an address that is none": {func(c *immudb.Config) { c.Address = "nowhere" }, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			config := server
			test.change(&config)
			_, err := immudb.NewLog(config).Acquire(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}
