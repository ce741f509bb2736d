package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"corebank/internal/view"
)

// Generations are files side by side: views.db is the first, views-1.db the
// next, and so on. The file views.db.live, if it exists, names the live one; it
// is always replaced as a whole.
type Generations struct {
	path    string
	options Options
}

var _ view.Generations = (*Generations)(nil)

// NewGenerations returns the generations whose first one is the file at path.
func NewGenerations(path string, options Options) *Generations { return &Generations{path, options} }

// Shared implements view.Generations: the file is in the bank's own directory.
func (g *Generations) Shared() string { return "" }

// pointer is the content of the pointer file: which generations are in use.
type pointer struct {
	Live int64 `json:"live"`
	// Previous is nil until the first switch.
	Previous *int64 `json:"previous,omitempty"`
}

func pointerFile(path string) string { return path + ".live" }

func readPointer(path string) (pointer, error) {
	var p pointer
	text, err := os.ReadFile(pointerFile(path))
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return p, fmt.Errorf("find out which views are live: %w; delete %s and all views beside it: "+
			"the projector builds them again from the log", err, pointerFile(path))
	}
	return p, nil
}

// file is the path of a generation.
func file(path string, number int64) string {
	if number == 0 {
		return path
	}
	end := filepath.Ext(path)
	return strings.TrimSuffix(path, end) + "-" + strconv.FormatInt(number, 10) + end
}

// LiveFile is the path of the live generation.
func LiveFile(path string) (string, error) {
	p, err := readPointer(path)
	return file(path, p.Live), err
}

// Live opens the live generation.
func (g *Generations) Live(ctx context.Context) (view.Generation, error) {
	p, err := readPointer(g.path)
	if err != nil {
		return view.Generation{}, err
	}
	return g.open(ctx, p.Live)
}

// Create makes an empty generation beside the live one.
func (g *Generations) Create(ctx context.Context) (view.Generation, error) {
	p, err := readPointer(g.path)
	if err != nil {
		return view.Generation{}, err
	}
	number := p.Live + 1
	if p.Previous != nil {
		number = max(number, *p.Previous+1)
	}
	if err := g.remove(number); err != nil { // left by an interrupted rebuild
		return view.Generation{}, err
	}
	return g.open(ctx, number)
}

// Previous opens the generation that was live before the last switch.
func (g *Generations) Previous(ctx context.Context) (view.Generation, error) {
	p, err := readPointer(g.path)
	if err != nil {
		return view.Generation{}, err
	}
	if p.Previous == nil {
		return view.Generation{}, fmt.Errorf("views that were live before: %w", view.ErrNotFound)
	}
	if _, err := os.Stat(file(g.path, *p.Previous)); errors.Is(err, fs.ErrNotExist) {
		return view.Generation{}, fmt.Errorf("views that were live before, %s: %w",
			file(g.path, *p.Previous), view.ErrNotFound)
	}
	return g.open(ctx, *p.Previous)
}

func (g *Generations) open(ctx context.Context, number int64) (view.Generation, error) {
	store, err := Open(ctx, file(g.path, number), g.options)
	if err != nil {
		return view.Generation{}, err
	}
	return view.Generation{Number: number, Store: store}, nil
}

// Switch makes a generation live.
func (g *Generations) Switch(ctx context.Context, to view.Generation) (was int64, err error) {
	store, ours := to.Store.(*Store)
	if !ours {
		return 0, fmt.Errorf("generation %d is not one of SQLite's", to.Number)
	}
	p, err := readPointer(g.path)
	if err != nil {
		return 0, err
	}
	if err := store.flush(ctx); err != nil {
		return 0, err
	}
	if err := writePointer(g.path, pointer{Live: to.Number, Previous: &p.Live}); err != nil {
		return 0, err
	}
	if old := p.Previous; old != nil && *old != to.Number {
		_ = g.remove(*old) // what is left does no harm
	}
	return p.Live, nil
}

// Discard closes and removes a generation that is not live.
func (g *Generations) Discard(ctx context.Context, generation view.Generation) error {
	err := generation.Store.Close(ctx)
	p, readErr := readPointer(g.path)
	if err := errors.Join(err, readErr); err != nil {
		return err
	}
	if generation.Number == p.Live {
		return fmt.Errorf("generation %d is live", p.Live)
	}
	return g.remove(generation.Number)
}

func (g *Generations) remove(number int64) error {
	var failed error
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(file(g.path, number) + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// writePointer replaces the pointer. If it fails, the old one is in place.
func writePointer(path string, p pointer) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	fresh := pointerFile(path) + ".new"
	if err := writeSynced(fresh, append(text, '\n')); err != nil {
		return err
	}
	if err := os.Rename(fresh, pointerFile(path)); err != nil {
		return err
	}
	// Without this sync, a crash of the machine may restore the old pointer and
	// with it the old views. They still exist and catch up, so errors are ignored.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// flush writes everything that was committed to the disk.
func (s *Store) flush(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(FULL)"); err != nil {
		return fmt.Errorf("write the views to the disk: %w", err)
	}
	return nil
}
