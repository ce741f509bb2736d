package immudb_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// Given machines whose names stand in a file of hosts, and a name server that does not answer; then they are asked
// without it: each session would wait five seconds for it.
func TestMachinesAreReachedWithoutANameServer(t *testing.T) {
	all, config := startMachines(t, 1, 1)
	given, asked := net.DefaultResolver, make(chan string, 100)
	t.Cleanup(func() { net.DefaultResolver = given })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		select {
		case asked <- "the name server was asked":
		default:
		}
		return nil, errors.New("no name server")
	}}
	config.Addresses = []string{strings.Replace(all[0].address, "127.0.0.1", "localhost", 1)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen := config.Observe(ctx)
	if len(seen) != 1 || seen[0].Fault != "" {
		t.Fatalf("the machine is seen as %+v", seen)
	}
	select {
	case what := <-asked:
		t.Error(what)
	default:
	}
}
