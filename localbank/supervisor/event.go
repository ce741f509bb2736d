package supervisor

import (
	"fmt"
	"strings"
	"time"
)

// State is what happened to a process.
type State string

// What can happen to a process.
const (
	Started State = "started" // Event.PID is its id
	Waiting State = "waiting" // it runs but is not ready yet; Event.Err is the reason
	Ready   State = "ready"   // Event.Took since its start
	Died    State = "died"    // Event.Err is the reason; it is started again after Event.Pause
	Back    State = "back"    // ready again, Event.Took after it died
	Stopped State = "stopped" // it ended on request, Event.Took after that
	Killed  State = "killed"  // it was killed, Event.Took after the request to end
)

// Event is something that happened to a process.
type Event struct {
	Process string
	State   State
	PID     int
	Took    time.Duration
	Pause   time.Duration
	Err     error
	// Lines are the last lines that the process wrote, for Waiting and Died.
	Lines []string
}

// StartError says that a group could not be started because one of its
// processes did not become ready.
type StartError struct {
	Process string
	Err     error
	// Log is the path of the process's log, Lines its last lines.
	Log   string
	Lines []string
}

func (e *StartError) Error() string {
	text := fmt.Sprintf("%s did not start: %v", e.Process, e.Err)
	if len(e.Lines) == 0 {
		return text + "; it wrote nothing to " + e.Log
	}
	return text + "; the last lines of " + e.Log + ":\n  " + strings.Join(e.Lines, "\n  ")
}

func (e *StartError) Unwrap() error { return e.Err }
