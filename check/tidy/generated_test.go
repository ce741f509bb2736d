package tidy

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGeneratedCodeIsFresh generates the GraphQL code from nothing in a copy
// of what it is made of, and compares: neither stale nor left over nor edited.
func TestGeneratedCodeIsFresh(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and runs the generator, which takes some seconds")
	}
	copied := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "gqlgen.yml"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(copied, name), text)
	}
	for _, folder := range []string{"graph", "graph/generate", "graph/list", "graph/scalar", "internal/bank",
		"internal/contract", "internal/identity", "internal/statement", "internal/view"} {
		for name, text := range files(t, filepath.Join(root, folder)) {
			write(t, filepath.Join(copied, folder, name), text)
		}
	}
	generator := exec.CommandContext(t.Context(), "go", "run", "./graph/generate")
	generator.Dir = copied
	if output, err := generator.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, folder := range []string{"graph", "graph/generated", "graph/model"} {
		committed, fresh := files(t, filepath.Join(root, folder)), files(t, filepath.Join(copied, folder))
		if have, want := slices.Sorted(maps.Keys(committed)), slices.Sorted(maps.Keys(fresh)); !slices.Equal(have, want) {
			t.Errorf("%s holds\n%v, generated are\n%v", folder, have, want)
		}
		for name, text := range fresh {
			if !bytes.Equal(text, committed[name]) {
				t.Errorf("%s/%s is not what the schema generates; run go generate ./graph", folder, name)
			}
		}
	}
}

// files are the files of a folder by name, tests and sub-folders aside.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]byte)
	for _, entry := range entries {
		if entry.IsDir() || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		if found[entry.Name()], err = os.ReadFile(filepath.Join(folder, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
