package postgres

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestAServerIsDurableAndLeavesNothing(t *testing.T) {
	server, err := Start(t.Context())
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	connection, err := pgx.Connect(t.Context(), server.Address())
	if err != nil {
		t.Fatal(errors.Join(err, server.Stop()))
	}
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := connection.QueryRow(t.Context(), "SHOW "+name).Scan(&value); err != nil || value != "on" {
			t.Errorf("%s is %q (%v)", name, value, err)
		}
	}
	if err := errors.Join(connection.Close(t.Context()), server.Stop()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(server.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left behind (%v)", server.dir, err)
	}
	if server.PID == 0 || !strings.Contains(server.Version, ".") {
		t.Errorf("process %d, version %q", server.PID, server.Version)
	}
}
