package main

import (
	"context"
	"net"
	"testing"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Given a connection to another machine; then the system asks whether the other end is there, and ends the connection
// within seconds if it is not. The copy that gRPC makes of the credentials does the same.
func TestAConnectionNoticesThatTheOtherEndIsGone(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	for name, given := range map[string]credentials.TransportCredentials{
		"the credentials": watched{insecure.NewCredentials()}, "their copy": watched{insecure.NewCredentials()}.Clone(),
	} {
		connection, err := net.Dial("tcp", lis.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		if _, _, err := given.ClientHandshake(context.Background(), "other", connection); err != nil {
			t.Fatal(err)
		}
		raw, err := connection.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		for option, want := range map[int]int{unix.TCP_KEEPIDLE: 2, unix.TCP_KEEPINTVL: 1, unix.TCP_KEEPCNT: 3,
			unix.TCP_USER_TIMEOUT: 5000} {
			var got int
			var problem error
			if err := raw.Control(func(descriptor uintptr) {
				got, problem = unix.GetsockoptInt(int(descriptor), unix.IPPROTO_TCP, option)
			}); err != nil || problem != nil || got != want {
				t.Errorf("%s: option %d is %d (%v, %v), want %d", name, option, got, err, problem, want)
			}
		}
	}
}
