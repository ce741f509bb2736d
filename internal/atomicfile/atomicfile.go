package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a new file next to path and renames it to path. The file has
// exactly the mode, whatever the umask is.
func Write(path string, content []byte, mode fs.FileMode) error {
	return write(path, content, mode, func(*os.File) error { return nil })
}

// WriteDurably is Write, and returns when the content and the name are on the disk.
func WriteDurably(path string, content []byte, mode fs.FileMode) error {
	if err := write(path, content, mode, (*os.File).Sync); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = folder.Sync() // there are systems where a folder cannot be synced
	return folder.Close()
}

func write(path string, content []byte, mode fs.FileMode, sync func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, chmod(file, mode), sync(file), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the first error says what is wrong
	}
	return err
}

// chmod gives a file its mode. Where modes cannot be changed (exFAT), that is no
// error as long as the file is not open to more than the mode says.
func chmod(file *os.File, mode fs.FileMode) error {
	failed := file.Chmod(mode)
	if failed == nil {
		return nil
	}
	info, err := file.Stat()
	if err != nil || info.Mode().Perm()&^mode != 0 {
		return failed
	}
	return nil
}
