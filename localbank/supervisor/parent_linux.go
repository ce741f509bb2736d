package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// programName is the file name of the program that a process runs, or empty.
func programName(pid int) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(path, " (deleted)"))
}
