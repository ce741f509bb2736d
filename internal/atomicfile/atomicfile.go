package atomicfile

import (
	"io/fs"
	"os"
)

// Write writes a file next to path and renames it to path.
func Write(path string, content []byte, mode fs.FileMode) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, content, mode); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
