package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// The ports of the links: below those that systems give to outgoing
// connections, as those of the bank are.
const (
	linkPortLeast = 32000
	linkPortMost  = 32700
	linkAttempts  = 500
)

// links are what stands between the parts of a bank, so that it can be harmed.
// A nil *links is nothing between anybody.
type links struct {
	mu      sync.Mutex
	proxies map[string]*toxiproxy.Proxy
}

// newLinks makes those that the faults need. They lead nowhere yet.
func newLinks(kinds []Kind) (*links, error) {
	l := &links{proxies: make(map[string]*toxiproxy.Proxy)}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for _, kind := range kinds {
		what, part := kind.split()
		if kind == BrokerAway {
			what, part = Cut, "nats"
		}
		if !onLink(what) || l.proxies[part] != nil {
			continue
		}
		proxy, err := startProxy(server, part)
		if err != nil {
			l.close()
			return nil, err
		}
		l.proxies[part] = proxy
	}
	return l, nil
}

// startProxy starts a proxy on some free port.
func startProxy(server *toxiproxy.ApiServer, part string) (_ *toxiproxy.Proxy, err error) {
	for range linkAttempts {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(linkPortLeast+rand.IntN(linkPortMost-linkPortLeast)))
		proxy := toxiproxy.NewProxy(server, part, address, "127.0.0.1:1")
		if err = proxy.Start(); err == nil {
			return proxy, nil
		}
	}
	return nil, fmt.Errorf("no free port between %d and %d on 127.0.0.1: %w", linkPortLeast, linkPortMost, err)
}

// flags tell a bank what stands between its parts.
func (l *links) flags() (flags []string) {
	if l == nil {
		return nil
	}
	for part, proxy := range l.proxies {
		flags = append(flags, "--via="+part+"="+proxy.Listen)
	}
	slices.Sort(flags)
	return flags
}

// lead has the links lead to the parts of a bank that is just starting.
func (l *links) lead(ctx context.Context, parts map[string]string) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for part, proxy := range l.proxies {
		if parts[part] == "" {
			return fmt.Errorf("the bank does not tell the address of %s", part)
		}
		if err := reconnect(ctx, proxy, parts[part]); err != nil {
			return err
		}
	}
	return nil
}

// reconnect closes all connections of a link and has new ones lead to an
// address, unharmed.
func reconnect(ctx context.Context, proxy *toxiproxy.Proxy, upstream string) error {
	proxy.Stop()
	proxy.Toxics.ResetToxics(ctx)
	if err := proxy.Update(&toxiproxy.Proxy{Listen: proxy.Listen, Upstream: upstream, Enabled: true}); err != nil {
		return fmt.Errorf("the link to %s: %w", proxy.Name, err)
	}
	return nil
}

// toxics are how a link is harmed, in the proxy's own words.
var toxics = map[string][]string{
	Slow: {`{"type":"latency","stream":"upstream","attributes":{"latency":150,"jitter":100}}`,
		`{"type":"latency","stream":"downstream","attributes":{"latency":150,"jitter":100}}`},
	Deaf: {`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`},
	Mute: {`{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`},
}

// harm makes a link bad until lasting returns. Where data was lost, the connections end
// with it: no network gives a part of a stream and goes on.
func (l *links) harm(ctx context.Context, what, part string, lasting func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	proxy := l.proxies[part]
	if what == Cut {
		proxy.Stop()
	}
	for _, toxic := range toxics[what] {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("harm the link to %s: %w", part, err)
		}
	}
	lasting()
	if what == Slow {
		proxy.Toxics.ResetToxics(ctx)
		return nil
	}
	return reconnect(ctx, proxy, proxy.Upstream)
}

// close ends all links.
func (l *links) close() {
	for _, proxy := range l.proxies {
		proxy.Stop()
	}
}
