package localbank

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

	"corebank/localbank/ports"
)

// maxSocketPath is the longest path of a socket that every system takes, in
// bytes.
const maxSocketPath = 100

// healthPath answers whether a sidecar works, without regard to its app.
const healthPath = "/v1.0/healthz/outbound"

// endpoint is where an app reaches its own sidecar. It is a socket in the file
// system, which costs less than the network and which only the owner of the
// directory can reach. Where sockets do not work, it is a port of this machine.
type endpoint struct {
	api       string   // as gRPC understands it, for programs outside of the bank
	reached   string   // the same for the app, which runs in the data directory
	ports     []string // other addresses that are held for the sidecar
	arguments []string // for the sidecar
	clear     func() error
	ready     func(context.Context) error
}

// endpoint makes the one of an app's sidecar. A proxy only understands ports.
func (p *parts) endpoint(app string) endpoint {
	folder := p.data.Sockets()
	api := filepath.Join(folder, "dapr-"+app+"-grpc.socket")
	web := filepath.Join(folder, "dapr-"+app+"-http.socket")
	if len(api) > maxSocketPath || p.config.Via[sidecarOf(app)] != "" || !p.hasSockets() {
		return p.portEndpoint()
	}
	return endpoint{
		api:       "unix://" + api,
		reached:   "unix:" + p.inside(api),
		arguments: []string{"--unix-domain-socket=" + p.inside(folder)},
		// A sidecar that was killed left its sockets, and the next one would
		// take them for those of a sidecar that runs.
		clear: func() error { return errors.Join(remove(api), remove(web)) },
		ready: func(ctx context.Context) error { return socketAnswers(ctx, web) },
	}
}

// hasSockets tries whether the file system of the data directory has sockets:
// exFAT, some FUSE file systems and network shares do not.
func (p *parts) hasSockets() bool {
	if runtime.GOOS == "windows" {
		return false
	}
	if p.sockets == nil {
		trial := filepath.Join(p.data.Sockets(), "trial.socket") // as long as no other name
		err := remove(trial)
		if err == nil {
			var lis net.Listener
			if lis, err = net.Listen("unix", trial); err == nil {
				err = lis.Close()
			}
		}
		p.sockets = new(err == nil)
	}
	return *p.sockets
}

func (p *parts) portEndpoint() endpoint {
	api, web := p.port(), p.port()
	return endpoint{
		api:     api,
		reached: api,
		ports:   []string{web},
		arguments: []string{"--dapr-listen-addresses=" + p.host(),
			"--dapr-grpc-port=" + ports.Of(api), "--dapr-http-port=" + ports.Of(web)},
		ready: answers("http://"+web+healthPath, http.StatusNoContent),
	}
}

// remove removes a file that may be missing.
func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// socketAnswers fails unless the sidecar that listens at a socket reports that it
// works.
func socketAnswers(ctx context.Context, socket string) error {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
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
