package natsserver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"corebank/internal/jetstream"
)

// Cluster says which servers are one broker together: a stream is on most of them
// before a message counts as published.
type Cluster struct {
	// Member is this server's name among them. A server that has lost its disk
	// comes back under the same name, and gets everything from the others.
	Member string
	// Listen is the address for the other members.
	Listen string
	// Members are the addresses of all members for each other, this one's included.
	Members []string
}

// Bounds of a cluster.
const (
	clusterName = "corebank"
	// memberPause is the time between two attempts to make the topic while other
	// members are missing.
	memberPause = 500 * time.Millisecond
	// memberPing is how often a member asks another one whether it is there; it is
	// given up when it has not answered twice.
	memberPing = 2 * time.Second
)

// copies is how many members have each stream.
func (c Cluster) copies() int { return max(1, min(len(c.Members), jetstream.MaxCopies)) }

// check refuses a cluster that makes no sense.
func (c Cluster) check() error {
	if c.Member == "" && c.Listen == "" && len(c.Members) == 0 {
		return nil
	}
	if c.Member == "" || c.Listen == "" || len(c.Members) == 0 {
		return errors.New("--member, --member-listen and --members belong together: the server's name, its address for " +
			"the other members, and the addresses of all")
	}
	if len(c.Members)%2 == 0 {
		return fmt.Errorf("--members has %d addresses; give an odd number, for example 3: "+
			"a broker works as long as more than half of its members do", len(c.Members))
	}
	for i, member := range c.Members {
		if _, _, err := net.SplitHostPort(member); err != nil {
			return fmt.Errorf("--members %q: want host:port, for example 127.0.0.1:6222", member)
		}
		if slices.Contains(c.Members[:i], member) {
			return fmt.Errorf("--members has %s twice; each member has an address of its own", member)
		}
	}
	return nil
}

// complete adds the cluster to the options of a server. Members prove themselves with
// the administrator's password, if there is one.
func (c Cluster) complete(options *server.Options) error {
	if err := c.check(); err != nil || c.Member == "" {
		return err
	}
	host, portText, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--member-listen %q: want host:port, for example 127.0.0.1:6222", c.Listen)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return fmt.Errorf("--member-listen %q: the port is not a number", c.Listen)
	}
	options.ServerName = c.Member
	options.Cluster = server.ClusterOpts{Name: clusterName, Host: host, Port: port, PingInterval: memberPing}
	var user *url.Userinfo
	if admin := adminOf(options.Users); admin != nil {
		options.Cluster.Username, options.Cluster.Password = admin.Username, admin.Password
		user = url.UserPassword(admin.Username, admin.Password)
	}
	for _, member := range c.Members {
		options.Routes = append(options.Routes, &url.URL{Scheme: "nats-route", User: user, Host: member})
	}
	return nil
}
