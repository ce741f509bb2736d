package immudb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// sequenceLogs are the implementations, each with a function that opens it again.
func sequenceLogs(t *testing.T) map[string]func() storage.SequenceLog {
	config := startServer(t)
	config.Partition = storage.Partition{Of: 3}
	return map[string]func() storage.SequenceLog{
		"memory": storage.NewMemorySequenceLog().Open,
		"immudb": func() storage.SequenceLog {
			config := config
			config.StateDir = t.TempDir()
			s := immudb.NewSequenceLog(config)
			t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
			return s
		},
	}
}

func cuts(first, n int) (cuts []storage.Cut) {
	for number := int64(first); number < int64(first+n); number++ {
		cuts = append(cuts, storage.Cut{Number: number, Ends: []int64{number, 2 * number, 0}})
	}
	return cuts
}

func TestCutsAreStored(t *testing.T) {
	for name, open := range sequenceLogs(t) {
		t.Run(name, func(t *testing.T) {
			ctx, first := t.Context(), open()
			if last, err := first.Acquire(ctx); err != nil || last.Number != 0 {
				t.Fatalf("a new sequence log ends with cut %d (%v)", last.Number, err)
			}
			for _, r := range cuts(1, 70) {
				if err := first.Add(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			second := open()
			if last, err := second.LastCut(ctx); err != nil || fmt.Sprint(last) != fmt.Sprint(cuts(70, 1)[0]) {
				t.Errorf("it ends with %v (%v)", last, err)
			}
			if some, err := second.Cuts(ctx, 65, 64); err != nil || fmt.Sprint(some) != fmt.Sprint(cuts(65, 6)) {
				t.Errorf("from 65 on: %v (%v)", some, err)
			}
			if some, err := second.Cuts(ctx, 3, 2); err != nil || fmt.Sprint(some) != fmt.Sprint(cuts(3, 2)) {
				t.Errorf("from 3 on: %v (%v)", some, err)
			}
			if err := first.SaveCheckpoint(ctx, 17); err != nil {
				t.Error(err)
			}
			if last, err := second.Acquire(ctx); err != nil || last.Number != 70 {
				t.Errorf("taken over after cut %d (%v)", last.Number, err)
			}
			for what, err := range map[string]error{"add a cut": first.Add(ctx, cuts(71, 1)[0]),
				"save the checkpoint": first.SaveCheckpoint(ctx, 18), "check": first.CheckOurs(ctx)} {
				if !errors.Is(err, storage.ErrFenced) {
					t.Errorf("%s of the one that was fenced: %v", what, err)
				}
			}
			if _, err := first.Acquire(ctx); !errors.Is(err, storage.ErrFenced) {
				t.Errorf("the one that was fenced takes it over: %v", err)
			}
			if at, err := second.Checkpoint(ctx); err != nil || at != 17 || second.CheckOurs(ctx) != nil {
				t.Errorf("the checkpoint is at %d (%v)", at, err)
			}
			if err := second.SaveAudit(ctx, contract.Audit{Position: 5, OK: true}); err != nil {
				t.Error(err)
			}
			if audit, err := second.LastAudit(ctx); err != nil || audit == nil || audit.Position != 5 {
				t.Errorf("the audit is %v (%v)", audit, err)
			}
		})
	}
}

// The conformance suite on one partition of several.
func TestImmudbPartition(t *testing.T) {
	server := startServer(t)
	databases := 0
	logtest.Run(t, func(t *testing.T) func() storage.Log {
		databases++
		config := server
		config.Database, config.User = fmt.Sprintf("corebank_%d", databases), fmt.Sprintf("eventsource_%d", databases)
		config.Partition = storage.Partition{Number: 2, Of: 3}
		return func() storage.Log {
			config := config
			config.StateDir = t.TempDir()
			s := immudb.NewLog(config)
			t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
			return s
		}
	})
}

// Given databases of a log with one partition and of one with two; then none can be opened as another, and nothing is
// written to it.
func TestADatabaseKeepsItsPart(t *testing.T) {
	server := startServer(t)
	parts := map[string]storage.Partition{"whole": {}, "one_of_two": {Number: 1, Of: 2},
		"two_of_two": {Number: 2, Of: 2}, "order": {Of: 2}}
	open := func(database string, part storage.Partition) error {
		config := server
		config.Database, config.User, config.Partition, config.StateDir = database, "user_"+database, part, t.TempDir()
		if part.Of > 0 && part.Number == 0 {
			s := immudb.NewSequenceLog(config)
			defer s.Close(t.Context())
			_, err := s.Acquire(t.Context())
			return err
		}
		s := immudb.NewLog(config)
		defer s.Close(t.Context())
		_, err := s.Acquire(t.Context())
		return err
	}
	for database, part := range parts {
		if err := open(database, part); err != nil {
			t.Fatalf("a new %s: %v", part, err)
		}
	}
	others := []storage.Partition{{Number: 1, Of: 3}, {Of: 3}}
	for _, part := range parts {
		others = append(others, part)
	}
	for database, part := range parts {
		for _, other := range others {
			err := open(database, other)
			switch {
			case other == part && err != nil:
				t.Errorf("%s again: %v", part, err)
			case other != part && !errors.Is(err, storage.ErrPartition):
				t.Errorf("%s opened as %s: %v", part, other, err)
			case other != part && !strings.Contains(err.Error(), part.String()):
				t.Errorf("%s opened as %s: %v, which does not name it", part, other, err)
			}
		}
	}
}
