//go:build unix

package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives a command that is not started yet a process group of its own.
// Then a Ctrl-C at the terminal does not reach it, and signalGroup reaches it
// with all that it started.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// signalGroup sends a signal to a process that has its own group, and to all
// of that group. It fails if none of them is left.
func signalGroup(p *os.Process, signal os.Signal) error {
	number, ok := signal.(syscall.Signal)
	if !ok {
		return fmt.Errorf("signal %v cannot be sent", signal)
	}
	return syscall.Kill(-p.Pid, number)
}
