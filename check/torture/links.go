package torture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"corebank/check/livebank"
	"corebank/localbank/datadir"
)

// links are what stands between the parts of a bank, so that it can be harmed.
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
		if !slices.Contains([]string{Slow, Cut, Deaf, Mute}, what) || l.proxies[part] != nil {
			continue
		}
		address, err := livebank.FreeAddress()
		proxy := toxiproxy.NewProxy(server, part, address, "127.0.0.1:1")
		if err = errors.Join(err, proxy.Start()); err != nil {
			l.close()
			return nil, fmt.Errorf("a link to %s: %w", part, err)
		}
		l.proxies[part] = proxy
	}
	return l, nil
}

// flags tell a bank what stands between its parts.
func (l *links) flags() (flags []string) {
	for part, proxy := range l.proxies {
		flags = append(flags, "--via="+part+"="+proxy.Listen)
	}
	slices.Sort(flags)
	return flags
}

// lead has the links lead to the parts of a bank that is just starting.
func (l *links) lead(ctx context.Context, bank datadir.Running) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for part, proxy := range l.proxies {
		if bank.Parts[part] == "" {
			return fmt.Errorf("the bank does not tell the address of %s", part)
		}
		if err := reconnect(ctx, proxy, bank.Parts[part]); err != nil {
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

func (l *links) close() {
	for _, proxy := range l.proxies {
		proxy.Stop()
	}
}
