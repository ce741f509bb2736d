package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
)

// longestSocket is the longest path of a socket that every system takes, in
// bytes.
const longestSocket = 100

// healthPath is where a sidecar tells whether it works, but for its app.
const healthPath = "/v1.0/healthz/outbound"

// door is where an app finds its own sidecar: a socket in the file system, which
// costs less than the network and which only the owner of the directory can
// reach. Where that cannot be, it is a port of this machine.
type door struct {
	api       string   // as gRPC understands it
	ports     []string // other addresses that are held for the sidecar
	arguments []string // what tells the sidecar
	clear     func() error
	ready     func(context.Context) error
}

// door is the sidecar's of an app. What stands between the two, for tests of bad
// networks, only understands ports.
func (p *parts) door(app string) door {
	folder := p.data.sockets()
	api, web := filepath.Join(folder, "dapr-"+app+"-grpc.socket"), filepath.Join(folder, "dapr-"+app+"-http.socket")
	if runtime.GOOS == "windows" || len(api) > longestSocket || p.config.Via[sidecarOf(app)] != "" {
		return p.portDoor()
	}
	return door{
		api:       "unix://" + api,
		arguments: []string{"--unix-domain-socket=" + folder},
		// A sidecar that was killed left them behind, and its successor would
		// take them for another's.
		clear: func() error { return errors.Join(discard(api), discard(web)) },
		ready: func(ctx context.Context) error { return answersAt(ctx, web) },
	}
}

func (p *parts) portDoor() door {
	api, web := p.port(), p.port()
	return door{
		api: api, ports: []string{web},
		arguments: []string{"--dapr-listen-addresses=127.0.0.1", "--dapr-grpc-port=" + portOf(api), "--dapr-http-port=" + portOf(web)},
		ready:     answers("http://"+web+healthPath, http.StatusNoContent),
	}
}

func discard(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// answersAt fails unless a sidecar that listens at a socket says that it works.
func answersAt(ctx context.Context, socket string) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sidecar"+healthPath, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s answers %s", socket, answer.Status)
	}
	return nil
}
