//go:build !linux

package supervisor

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// programName is the file name of the program that a process runs, or empty.
func programName(pid int) string {
	name, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return filepath.Base(strings.TrimSpace(string(name)))
}
