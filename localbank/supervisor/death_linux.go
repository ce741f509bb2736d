package supervisor

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the system kill the child when the thread that starts it
// ends. It comes after ownGroup.
func dieWithParent(command *exec.Cmd) { command.SysProcAttr.Pdeathsig = syscall.SIGKILL }
