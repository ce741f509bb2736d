package main

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// limitUnanswered ends a connection when what was sent is not acknowledged for so long.
func limitUnanswered(connection *net.TCPConn, limit time.Duration) error {
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(descriptor uintptr) {
		set = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit.Milliseconds()))
	})
	return errors.Join(err, set)
}
