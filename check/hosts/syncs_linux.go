package hosts

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The offset of the call's number in what a filter looks at, and what a notification and
// the answer to it are: struct seccomp_notif and seccomp_notif_resp of linux/seccomp.h.
const (
	offsetOfNumber = 0
	setModeFilter  = 1 // SECCOMP_SET_MODE_FILTER
	goOn           = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE
)

type notification struct {
	id         uint64
	pid, flags uint32
	call       [8]uint64
}

type answer struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

// askBeforeSyncs has each sync of this thread, and of the program that it becomes, wait
// until it is let begin through the descriptor. A signal does not end the wait: the
// runtime of Go sends some all the time.
func askBeforeSyncs() (descriptor int, err error) {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offsetOfNumber},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FSYNC, Jt: 1},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	made, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return 0, errno
	}
	return int(made), nil
}

// Syncs lets the syncs of the programs in hosts begin, at once or late.
type Syncs struct {
	lis    *net.UnixListener
	delays []atomic.Int64 // by the number of the host
}

// ServeSyncs listens at a socket for the programs of hosts.
func ServeSyncs(socket string, hosts int) (*Syncs, error) {
	lis, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	s := &Syncs{lis: lis, delays: make([]atomic.Int64, hosts+1)}
	go s.accept() // until it is closed
	return s, nil
}

// Delay has each sync in a host take so much longer from now on.
func (s *Syncs) Delay(host int, by time.Duration) { s.delays[host].Store(int64(by)) }

// Close takes no more programs. Those that run are served until they end.
func (s *Syncs) Close() error { return s.lis.Close() }

func (s *Syncs) accept() {
	for {
		connection, err := s.lis.AcceptUnix()
		if err != nil {
			return // it is closed
		}
		host, descriptor, err := receive(connection)
		_ = connection.Close() // everything was read
		if err == nil && host < len(s.delays) {
			go s.serve(host, descriptor)
		}
	}
}

// receive reads what a program announces itself with.
func receive(connection *net.UnixConn) (host, descriptor int, err error) {
	text, rights := make([]byte, 16), make([]byte, unix.CmsgSpace(4))
	n, rightsLen, _, _, err := connection.ReadMsgUnix(text, rights)
	if err != nil {
		return 0, 0, err
	}
	if host, err = strconv.Atoi(string(text[:n])); err != nil {
		return 0, 0, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:rightsLen])
	if err != nil || len(messages) != 1 {
		return 0, 0, fmt.Errorf("%d control messages: %w", len(messages), errors.Join(err, unix.EBADMSG))
	}
	descriptors, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(descriptors) != 1 {
		return 0, 0, errors.Join(err, unix.EBADMSG)
	}
	return host, descriptors[0], nil
}

// serve lets the syncs of one program begin until it has ended.
func (s *Syncs) serve(host, descriptor int) {
	defer unix.Close(descriptor)
	var late sync.WaitGroup
	defer late.Wait()
	for {
		wait := []unix.PollFd{{Fd: int32(descriptor), Events: unix.POLLIN}}
		if _, err := unix.Poll(wait, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || wait[0].Revents&unix.POLLIN == 0 {
			return // the program has ended
		}
		var asked notification
		if !control(descriptor, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&asked)) {
			continue // who asked was killed
		}
		begin := func() {
			control(descriptor, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&answer{id: asked.id, flags: goOn}))
		}
		delay := time.Duration(s.delays[host].Load())
		if delay == 0 {
			begin()
			continue
		}
		late.Go(func() { <-time.After(delay); begin() })
	}
}

func control(descriptor int, request uintptr, argument unsafe.Pointer) (done bool) {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(descriptor), request, uintptr(argument))
	return errno == 0
}
