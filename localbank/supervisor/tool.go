package supervisor

import (
	"os"
	"os/exec"
	"runtime"
	"time"
)

// toolGrace is how long a tool may take to end after it was interrupted.
const toolGrace = 3 * time.Second

// RunTool runs a command of exec.CommandContext to its end, in a process group
// of its own. When the command's context ends, the whole group is interrupted
// and soon killed. On Linux the command does not outlive this process.
func RunTool(command *exec.Cmd) error {
	runtime.LockOSThread() // see launcher
	defer runtime.UnlockOSThread()
	ownGroup(command)
	dieWithParent(command)
	command.Cancel = func() error { return signalGroup(command.Process, os.Interrupt) }
	command.WaitDelay = toolGrace
	err := command.Run()
	if command.Process != nil {
		_ = signalGroup(command.Process, os.Kill) // usually the whole group has ended
	}
	return err
}
