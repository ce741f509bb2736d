package eventsource_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codenotary/immudb/pkg/server"

	"corebank/eventsource"
	"corebank/eventsource/logtest"
)

// immudb runs a real immudb server in this process, on a loopback port and a
// directory of the test, and returns how to reach it.
func immudb(t testing.TB) eventsource.ImmudbConfig { return immudbIn(t, t.TempDir()) }

// immudbIn is immudb with its data in dir/data.
func immudbIn(t testing.TB, dir string) eventsource.ImmudbConfig {
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
	return eventsource.ImmudbConfig{Address: address, Database: "corebank", User: "eventsource",
		Password: "Writ3r!password", AdminPassword: "Adm1n!password", StateDir: t.TempDir()}
}

func TestImmudb(t *testing.T) {
	server := immudb(t)
	databases := 0
	logtest.Run(t, func(t *testing.T) func() eventsource.Storage {
		databases++
		config := server
		config.Database = fmt.Sprintf("corebank%d", databases)
		config.User = fmt.Sprintf("eventsource%d", databases)
		return func() eventsource.Storage {
			config := config
			config.StateDir = t.TempDir() // as on machines of their own
			s := eventsource.NewImmudb(config)
			t.Cleanup(func() {
				if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			return s
		}
	})
}

func TestMemory(t *testing.T) {
	logtest.Run(t, func(*testing.T) func() eventsource.Storage {
		return eventsource.NewMemoryLog().Open
	})
}

func TestALostPasswordIsReplacedByTheAdministrator(t *testing.T) {
	config := immudb(t)
	first := eventsource.NewImmudb(config)
	if _, err := first.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	config.Password = "Another1!password"
	second := eventsource.NewImmudb(config)
	if _, err := second.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestImmudbIsNotOpenedWithoutRights(t *testing.T) {
	server := immudb(t)
	for name, test := range map[string]struct {
		change func(*eventsource.ImmudbConfig)
		says   string
	}{
		"no user yet and no administrator": {func(c *eventsource.ImmudbConfig) { c.AdminPassword = "" }, "invalid user name or password"},
		"a wrong administrator":            {func(c *eventsource.ImmudbConfig) { c.AdminPassword = "Wr0ng!password" }, "log in as administrator"},
		"the published default password":   {func(c *eventsource.ImmudbConfig) { c.AdminPassword = "immudb" }, "published default password"},
		"an address that is none":          {func(c *eventsource.ImmudbConfig) { c.Address = "nowhere" }, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			config := server
			test.change(&config)
			_, err := eventsource.NewImmudb(config).Acquire(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}
