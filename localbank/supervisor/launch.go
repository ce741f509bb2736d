package supervisor

import (
	"os"
	"os/exec"
	"runtime"
	"time"
)

// launcher starts all children from one operating system thread. Linux ties
// "kill the child when its parent dies" to the thread that started it, not to
// the process: the thread must live as long as the children.
type launcher struct {
	commands chan launch
	done     chan struct{}
}

type launch struct {
	command *exec.Cmd
	started chan<- error
}

func newLauncher() *launcher {
	l := &launcher{make(chan launch), make(chan struct{})}
	go l.run()
	return l
}

func (l *launcher) run() {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	for {
		select {
		case request := <-l.commands:
			request.started <- request.command.Start()
		case <-l.done:
			return
		}
	}
}

// close ends the thread. Every child must have ended before.
func (l *launcher) close() { close(l.done) }

// running is a process that was started.
type running struct {
	command *exec.Cmd
	log     *logfile
	began   time.Time
	ended   chan struct{} // closed when the process and its group have ended
}

// start starts the process once.
func (l *launcher) start(p Process, logs string) (*running, error) {
	if err := p.BeforeStart(); err != nil {
		return nil, err
	}
	log, err := openLog(logs, p.Name)
	if err != nil {
		return nil, err
	}
	command := exec.Command(p.Command, p.Args...)
	if p.Called != "" {
		command.Args[0] = p.Called
	}
	command.Env, command.Dir = p.Env, p.Dir
	if command.Env == nil {
		command.Env = []string{} // for os/exec, nil means that of this process
	}
	command.Stdout, command.Stderr = log.File, log.File
	ownGroup(command)
	dieWithParent(command)
	started := make(chan error)
	began := time.Now()
	l.commands <- launch{command, started}
	if err := <-started; err != nil {
		log.Close()
		return nil, err
	}
	r := &running{command, log, began, make(chan struct{})}
	go r.wait()
	return r, nil
}

func (r *running) wait() {
	_ = r.command.Wait() // how it ended is in ProcessState
	// The processes that it started in its group must not outlive it.
	_ = signalGroup(r.command.Process, os.Kill)
	close(r.ended)
}

// signal signals the process and its group, unless it has ended: another process
// may then have its id.
func (r *running) signal(signal os.Signal) {
	select {
	case <-r.ended:
	default:
		_ = signalGroup(r.command.Process, signal) // it may end at this moment
	}
}

// state is how the process ended, for instance "exit status 1".
func (r *running) state() string {
	<-r.ended
	return r.command.ProcessState.String()
}
