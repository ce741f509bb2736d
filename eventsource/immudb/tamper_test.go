package immudb_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corebank/eventsource/immudb"
)

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// copied is a copy of a stopped immudb's directory.
func copied(t *testing.T, from string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A restored backup, and another history that continues it, are not the history that was audited.
func TestAnotherHistoryIsNotProven(t *testing.T) {
	c := newChronicle(t)
	var early, audited immudb.State
	c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
		c.write(ctx, s, 2, 2)
		early = c.proven(ctx, s, nil)
	})
	backup := copied(t, c.dir)
	written := c.records
	c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
		c.write(ctx, s, 2, 2)
		audited = c.proven(ctx, s, &early)
	})

	t.Run("a backup", func(t *testing.T) {
		old := &chronicle{t: t, dir: copied(t, backup), records: written}
		old.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
			old.proven(ctx, s, &early) // it is consistent in itself
			notProven(t, ctx, s, &audited, "its history was cut off")
		})
	})
	t.Run("a backup and what came after it", func(t *testing.T) {
		fork := &chronicle{t: t, dir: copied(t, backup), records: written}
		fork.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
			fork.write(ctx, s, 1, 1, 2) // the same records, otherwise committed
			fork.proven(ctx, s, &early)
			notProven(t, ctx, s, &audited, "the history was rewritten")
		})
	})
	t.Run("another database with the same records", func(t *testing.T) {
		other := newChronicle(t)
		other.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
			other.write(ctx, s, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
			other.proven(ctx, s, nil)
			notProven(t, ctx, s, &early, "the history was rewritten")
			notProven(t, ctx, s, &audited, "the history was rewritten")
		})
	})
}

// notProven: the history must not be found to follow from the earlier state.
func notProven(t *testing.T, ctx context.Context, s *immudb.Log, earlier *immudb.State, says string) {
	t.Helper()
	_, _, _, err := verify(ctx, s, earlier)
	if !errors.Is(err, immudb.ErrNotProven) || !strings.Contains(err.Error(), says) {
		t.Errorf("verify: %v, want ErrNotProven that says %q", err, says)
	}
}

// TestFlippedBytesAreFound flips one bit in the files of a stopped immudb that have the history, in several places: it
// is never proven.
func TestFlippedBytesAreFound(t *testing.T) {
	c := newChronicle(t)
	var audited immudb.State
	c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
		c.write(ctx, s, 3, 1, 2)
		audited = c.proven(ctx, s, nil)
	})
	file := filepath.Join("corebank", "tx", "00000000.tx") // has the values too
	text, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	// The bytes before describe the file. After them, two bytes have the length of the first transaction's values, which
	// is never read.
	begin := 4 + int(binary.BigEndian.Uint32(text)) + 2
	const flips = 6 // a server starts for each
	for i := range flips {
		offset := begin + (len(text)-begin)*i/flips
		t.Run(fmt.Sprint("at ", offset), func(t *testing.T) {
			dir := copied(t, c.dir)
			flipped := slices.Clone(text)
			flipped[offset] ^= 0x10
			if err := os.WriteFile(filepath.Join(dir, file), flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			damaged := &chronicle{t: t, dir: dir}
			damaged.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
				notProven(t, ctx, s, &audited, "immudb cannot")
				notProven(t, ctx, s, nil, "immudb cannot")
			})
		})
	}
}
