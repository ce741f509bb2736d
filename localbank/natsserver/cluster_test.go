package natsserver

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"corebank/internal/contract"
	ours "corebank/internal/jetstream"
	"corebank/internal/secrets"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	return lis.Addr().String()
}

// trio are three members of a broker.
type trio struct {
	t       *testing.T
	configs []Config
	stop    []func()
	url     []string // of each, for the administrator
}

func newTrio(t *testing.T) *trio {
	folder := t.TempDir()
	set, err := secrets.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Write(folder); err != nil {
		t.Fatal(err)
	}
	members := []string{freeAddress(t), freeAddress(t), freeAddress(t)}
	c := &trio{t: t, stop: make([]func(), len(members))}
	for i, member := range members {
		dir := filepath.Join(t.TempDir(), "nats")
		c.configs = append(c.configs, Config{Passwords: folder, Dir: dir, Listen: freeAddress(t),
			Cluster: Cluster{Member: fmt.Sprintf("machine-%d", i+1), Listen: member, Members: members}})
		c.url = append(c.url, secrets.BrokerURL(c.configs[i].Listen, secrets.BrokerAdmin,
			set[secrets.Broker(secrets.BrokerAdmin)]))
		c.start(i)
	}
	t.Cleanup(func() {
		for _, stop := range c.stop {
			if stop != nil {
				stop()
			}
		}
	})
	return c
}

func (c *trio) start(i int) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c.configs[i], slog.New(slog.DiscardHandler)) }()
	c.stop[i] = func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("member %d: %v", i+1, err)
		}
		c.stop[i] = nil
	}
}

// await repeats what has to succeed within a while.
func (c *trio) await(what string, do func(ctx context.Context) error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 40*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		// Without a leader, a request has no answer.
		attempt, end := context.WithTimeout(ctx, 2*time.Second)
		err := do(attempt)
		end()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			c.t.Fatalf("%s: %v", what, err)
		case <-tick.C:
		}
	}
}

// copies is how many members have all of the topic.
func (c *trio) copies(ctx context.Context, through int) (current int, messages uint64, err error) {
	connection, err := nats.Connect(c.url[through], nats.NoReconnect())
	if err != nil {
		return 0, 0, err
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		return 0, 0, err
	}
	stream, err := js.Stream(ctx, ours.Stream)
	if err != nil {
		return 0, 0, err
	}
	info := stream.CachedInfo()
	for _, replica := range info.Cluster.Replicas {
		if replica.Current && !replica.Offline {
			current++
		}
	}
	return current + 1, info.State.Msgs, nil
}

func (c *trio) publish(ctx context.Context, through int) error {
	connection, err := nats.Connect(c.url[through], nats.NoReconnect())
	if err != nil {
		return err
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		return err
	}
	_, err = js.Publish(ctx, contract.Topic, []byte("x"))
	return err
}

// Given a broker of three members; when one is lost with its disk; then the others take messages, and an empty one in
// its place gets what they have.
func TestTheTopicOutlivesAnyMemberAndItsDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("members elect leaders for seconds")
	}
	c := newTrio(t)
	whole := func(through int, messages uint64) func(context.Context) error {
		return func(ctx context.Context) error {
			copies, have, err := c.copies(ctx, through)
			if err == nil && (copies != 3 || have < messages) {
				err = fmt.Errorf("%d members have %d messages", copies, have)
			}
			return err
		}
	}
	c.await("the topic is on three members", whole(0, 0))
	c.await("a message is taken", func(ctx context.Context) error { return c.publish(ctx, 0) })
	for lost := range 2 {
		c.stop[lost]()
		c.configs[lost].Dir = filepath.Join(t.TempDir(), "another disk")
		c.await("a message is taken without a member", func(ctx context.Context) error { return c.publish(ctx, 2) })
		c.start(lost)
		c.await("the empty member has everything", whole(2, uint64(lost+2)))
	}
	for i, url := range c.url {
		if err := ours.Probe(url)(t.Context()); err != nil {
			t.Errorf("through member %d: %v", i+1, err)
		}
	}
}

func TestAClusterThatMakesNoSenseIsRefused(t *testing.T) {
	three := []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}
	for name, test := range map[string]struct {
		cluster Cluster
		says    string
	}{
		"half of it":      {Cluster{Member: "a"}, "belong together"},
		"an even number":  {Cluster{"a", three[0], three[:2]}, "give an odd number"},
		"no port":         {Cluster{"a", three[0], []string{"127.0.0.1"}}, "host:port"},
		"the same twice":  {Cluster{"a", three[0], []string{three[0], three[1], three[0]}}, "twice"},
		"nothing to hear": {Cluster{"a", "x", three}, "--member-listen"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Cluster: test.cluster}.options()
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}
