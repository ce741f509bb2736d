package supervisor

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the system kill the child when the thread that starts it
// ends. It must be called after ownGroup.
func dieWithParent(command *exec.Cmd) { command.SysProcAttr.Pdeathsig = syscall.SIGKILL }
