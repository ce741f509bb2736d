package atomicfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"corebank/internal/atomicfile"
)

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	folder := t.TempDir()
	path, neighbour := filepath.Join(folder, "a[1],#%.json"), filepath.Join(folder, "a[1],#%.json.new")
	for _, file := range []string{path, neighbour} {
		if err := os.WriteFile(file, []byte("before"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Write(path, []byte("after"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{path: "after", neighbour: "before"} {
		if text, err := os.ReadFile(file); err != nil || string(text) != want {
			t.Errorf("%s has %q, %v; want %q", file, text, err, want)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := atomicfile.Write(filepath.Join(folder, "missing", "x"), nil, 0o600); err == nil {
		t.Error("a file is written into a folder that does not exist")
	}
	if err := atomicfile.Write(folder, nil, 0o600); err == nil {
		t.Error("a folder is replaced by a file")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
