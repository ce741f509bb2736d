package livebank

import (
	"os/exec"
	"runtime"

	"corebank/localbank/ports"
)

// Launch starts a command out of reach of a Ctrl-C at the terminal. On Linux, the
// command is asked to end when this process dies. ended is closed at its end.
func Launch(command *exec.Cmd) (ended chan struct{}, err error) {
	command.SysProcAttr = attributes
	ended = make(chan struct{})
	started := make(chan error)
	go func() {
		// The system minds the end of the thread that started the child, not of
		// the process: this one lives as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // how it ended is in ProcessState
			close(ended)
		}
	}()
	return ended, <-started
}

// FreeAddress is an address on this machine where nothing listens.
func FreeAddress() (string, error) {
	held := ports.New()
	defer held.FreeAll()
	return held.Pick()
}
