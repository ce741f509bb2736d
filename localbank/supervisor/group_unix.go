//go:build unix

package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives a command, before it starts, a process group of its own. Then a
// Ctrl-C at the terminal does not reach it, and signalGroup reaches it and all
// processes that it started.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// signalGroup sends a signal to all processes of the group of a process. It fails
// if none of them is left.
func signalGroup(p *os.Process, signal os.Signal) error {
	number, ok := signal.(syscall.Signal)
	if !ok {
		return fmt.Errorf("signal %v cannot be sent", signal)
	}
	return syscall.Kill(-p.Pid, number)
}
