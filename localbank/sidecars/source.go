package sidecars

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// modulePath is the nested module, and moduleLine begins its go.mod.
const (
	modulePath = "corebank/components/daprd"
	moduleLine = "module " + modulePath + "\n"
)

// findSource looks for components/daprd in the directories and upwards.
func findSource(near []string) (dir string, found bool) {
	for _, dir := range near {
		for {
			source := filepath.Join(dir, "components", "daprd")
			mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
			if err == nil && strings.Contains(string(mod), moduleLine) {
				return source, true
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", false
}

var daprRequired = regexp.MustCompile(`(?m)^\s*(?:require\s+)?github\.com/dapr/dapr v(\S+)`)

// key is the name of a build of the source: Dapr's version, and a hash of the
// files and of the kind of machine.
func key(source string) (string, error) {
	var files []string
	for _, pattern := range []string{"*.go", "*/*.go", "go.mod", "go.sum"} {
		matches, err := fs.Glob(os.DirFS(source), pattern)
		if err != nil {
			return "", err
		}
		for _, name := range matches {
			files = append(files, filepath.Join(source, name))
		}
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	slices.Sort(files)
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.GOOS, runtime.GOARCH)
	for _, file := range files {
		if err := hashFile(hash, file); err != nil {
			return "", err
		}
	}
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", err
	}
	required := daprRequired.FindSubmatch(mod)
	if required == nil {
		return "", fmt.Errorf("%s does not require github.com/dapr/dapr", filepath.Join(source, "go.mod"))
	}
	return fmt.Sprintf("daprd-%s-%s", required[1], hex.EncodeToString(hash.Sum(nil))[:12]), nil
}

// hashFile adds a file's name and content to the hash.
func hashFile(hash io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintln(hash, filepath.Base(path), info.Size())
	if n, err := io.Copy(hash, file); err != nil || n != info.Size() {
		return errors.Join(err, fmt.Errorf("%s changed while it was read: run corebank again", path))
	}
	return nil
}
