package app

import (
	"os"
	"os/signal"
	"syscall"
)

// StopSignals ask a process to stop in order. The end of the terminal is one of
// them, unless the process was started to outlive it, as nohup does.
func StopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
