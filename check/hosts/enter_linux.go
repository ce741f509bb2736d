package hosts

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Entry is how a program is run in a host.
type Entry struct {
	// Host is its number, Namespace the path of its network; empty for this machine's.
	Host      int
	Namespace string
	// Syncs is the socket of what lets the program's syncs begin; empty for none.
	Syncs string
}

// Become has this process run another program, under a name, in the host. It returns only
// if that fails.
func (e Entry) Become(program, name string, arguments []string) error {
	runtime.LockOSThread() // the program has what this thread has
	if e.Namespace != "" {
		namespace, err := os.Open(e.Namespace)
		if err != nil {
			return fmt.Errorf("enter host %d: %w", e.Host, err)
		}
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter host %d: %w", e.Host, err)
		}
	}
	if e.Syncs != "" {
		if err := e.announce(); err != nil {
			return fmt.Errorf("have the syncs of host %d wait: %w", e.Host, err)
		}
	}
	return syscall.Exec(program, append([]string{name}, arguments...), os.Environ())
}

// announce hands over what is asked before each sync of this thread.
func (e Entry) announce() error {
	connection, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: e.Syncs, Net: "unix"})
	if err != nil {
		return err
	}
	defer connection.Close()
	asked, err := askBeforeSyncs()
	if err != nil {
		return err
	}
	_, _, err = connection.WriteMsgUnix([]byte(strconv.Itoa(e.Host)), unix.UnixRights(asked), nil)
	return err
}
