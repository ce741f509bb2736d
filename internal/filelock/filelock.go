package filelock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// maxHolder bounds what is read of the holder's process id, in bytes.
const maxHolder = 20

// HeldError says that another process has the lock.
type HeldError struct {
	Path string
	// PID is the holder's process id, 0 if it is not known.
	PID int
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is locked by another process", e.Path)
	}
	return fmt.Sprintf("%s is locked by process %d", e.Path, e.PID)
}

// Lock is a lock that this process holds.
type Lock struct{ file *os.File }

// Try takes the lock of the file at path, which it makes if it is missing, and
// writes the process id into it. It does not wait: if another process has the
// lock, the error is a *HeldError.
func Try(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	held, err := lock(file)
	if held {
		err = &HeldError{Path: path, PID: holder(file)}
	}
	if err == nil {
		err = sign(file)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Lock{file}, nil
}

// Release releases the lock. The file stays: another process may be locking it at
// this moment.
func (l *Lock) Release() error { return l.file.Close() }

// sign replaces the process id of the last holder.
func sign(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func holder(file *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, maxHolder))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0 // the holder has not written it yet
	}
	return pid
}
