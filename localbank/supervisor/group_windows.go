package supervisor

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives a command that is not started yet a process group of its own.
// Then a Ctrl-C at the terminal does not reach it.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// signalGroup ends the process: Windows knows no signal that asks for it.
func signalGroup(p *os.Process, _ os.Signal) error { return p.Kill() }
