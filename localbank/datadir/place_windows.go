package datadir

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// identify tells a file from all copies of it: they have another number, or were made at another time.
func identify(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var is windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(file.Fd()), &is); err != nil {
		return "", &os.PathError{Op: "identify", Path: path, Err: err}
	}
	return fmt.Sprintf("%d-%d-%d", is.FileIndexHigh, is.FileIndexLow, is.CreationTime.Nanoseconds()), nil
}
