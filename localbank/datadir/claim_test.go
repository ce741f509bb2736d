package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filled is a directory with files; a name that ends in a slash is a folder.
func filled(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), os.Chmod(path, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// contents are all paths of a directory with their modes and texts.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found[path] = info.Mode().String()
		if entry.Type().IsRegular() {
			text, err := os.ReadFile(path)
			found[path] += " " + string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAFolderThatIsNoBankIsLeftAsItIs(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"components of another program": {"components/mine.yaml": "x"},
		"names of another program":      {"names.db": "x"},
		"a lock of another program":     {"lock": "held by someone"},
		"secrets of another program":    {"secrets/admin": "x"},
		"a home":                        {".profile": "x", "letter.txt": "x"},
		"an empty folder":               {"src/": ""},
		"other databases":               {"immudb/other/commit/00000000.txi": "x", "nats/jetstream/x": "x"},
		"a log that is a folder":        {"x.log/": ""},
	} {
		folder := filled(t, files)
		before := contents(t, folder)
		data, err := Open(folder, 1)
		if err == nil {
			data.Close()
			t.Errorf("%s: a bank is made there", name)
			continue
		}
		if !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "--data "+folder) {
			t.Errorf("%s: the error does not say what to do: %v", name, err)
		}
		if changed := cmp.Diff(before, contents(t, folder)); changed != "" {
			t.Errorf("%s: %s", name, changed)
		}
	}
	if _, err := Open("", 1); err == nil || !strings.Contains(err.Error(), "--data is empty") {
		t.Errorf("no directory: %v", err)
	}
}

func TestAFolderThatIsAsGoodAsEmptyBecomesABank(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing":                      {},
		"a new file system":            {"lost+found/": ""},
		"what tools leave":             {".DS_Store": "x", ".gitignore": "*"},
		"its own output":               {"up.log": ""},
		"a first start that was ended": {"lock": "4711\n", "secrets/.immudb-admin.123": ""},
		"a bank of an earlier build":   {"immudb/corebank/commit/x": "x", "components/pubsub.yaml": "old", "letter.txt": "x"},
	} {
		folder := filled(t, files)
		for range 2 {
			data, err := Open(folder, 1)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			data.Close()
		}
	}
}

// TestWhatOthersPutIntoABankIsKept: the sidecars would load a component, so the
// bank does not start with it.
func TestWhatOthersPutIntoABankIsKept(t *testing.T) {
	folder := filled(t, map[string]string{"immudb/corebank/commit/x": "x", "notes/a.txt": "x",
		"components/notes.txt": "x", "run.json.new": "x"})
	before := contents(t, folder)
	data, err := Open(folder, 1)
	if err != nil {
		t.Fatal(err)
	}
	data.Close()
	after := contents(t, folder)
	for _, name := range []string{"notes/a.txt", "run.json.new"} {
		if path := filepath.Join(folder, name); after[path] != before[path] {
			t.Errorf("%s was %q and is %q", name, before[path], after[path])
		}
	}
	if text, err := os.ReadFile(filepath.Join(folder, "components", "notes.txt")); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
	mine := filepath.Join(folder, "components", "mine.yaml")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(folder, 1); err == nil || !strings.Contains(err.Error(), mine) {
		t.Errorf("a component of somebody else: %v", err)
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "components", "pubsub.yaml")); err != nil {
		t.Errorf("a start that was refused removed the bank's own files: %v", err)
	}
}

// TestANeighbourWithASimilarNameIsLeftAlone: the name of a directory is no pattern.
func TestANeighbourWithASimilarNameIsLeftAlone(t *testing.T) {
	parent := t.TempDir()
	neighbour, err := Open(filepath.Join(parent, "b1"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer neighbour.Close()
	before := contents(t, neighbour.Components())
	for range 2 {
		data, err := Open(filepath.Join(parent, "b[1]"), 1)
		if err != nil {
			t.Fatal(err)
		}
		data.Close()
	}
	if changed := cmp.Diff(before, contents(t, neighbour.Components())); changed != "" || len(before) < 7 {
		t.Errorf("the neighbour has changed: %s", changed)
	}
}

func TestOnlyTheOwnerCanUseABank(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("file modes say nothing there")
	}
	folder := filled(t, map[string]string{"immudb/corebank/commit/x": "x", "actors.db": "x", "views-1.db": "x",
		"notes/mine.txt": "x"})
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := Open(folder, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	made := filepath.Join(folder, "made.db")
	if err := os.WriteFile(made, nil, 0o666); err != nil { // as a part of the bank does
		t.Fatal(err)
	}
	notes := filepath.Join(folder, "notes")
	for path, mode := range contents(t, folder) {
		if !strings.HasPrefix(path, notes) && mode[4:10] != "------" {
			t.Errorf("%s: %s", path, mode)
		}
	}
	if info, err := os.Stat(filepath.Join(notes, "mine.txt")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("somebody else's file was changed: %v, %v", info.Mode(), err)
	}
}
