package natsserver

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"corebank/internal/secrets"
)

// TestContainersHaveTheSameUsersOfTheBroker has the broker itself read the file
// for containers.
func TestContainersHaveTheSameUsersOfTheBroker(t *testing.T) {
	data := t.TempDir()
	set, err := secrets.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Write(data); err != nil {
		t.Fatal(err)
	}
	want, err := users(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range want {
		t.Setenv("NATS_"+strings.ToUpper(user.Username), user.Password)
	}
	options, err := server.ProcessConfigFile(filepath.Join("..", "..", "components", "containers", "nats", "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if len(options.Users) != len(want) || !options.JetStream {
		t.Fatalf("%d users, want %d; JetStream: %t", len(options.Users), len(want), options.JetStream)
	}
	for _, user := range want {
		i := slices.IndexFunc(options.Users, func(u *server.User) bool { return u.Username == user.Username })
		if i < 0 || options.Users[i].Password != user.Password {
			t.Errorf("%s is not there, or has another password", user.Username)
			continue
		}
		if got := options.Users[i].Permissions; !reflect.DeepEqual(allowed(got), allowed(user.Permissions)) {
			t.Errorf("%s may %v, want %v", user.Username, allowed(got), allowed(user.Permissions))
		}
	}
}

// TestMembersInContainersAreOneBroker has the broker itself read the file for members.
func TestMembersInContainersAreOneBroker(t *testing.T) {
	for _, name := range []string{"ADMIN", "EVENTSOURCE", "SERVER", "ACTOR", "PROJECTOR"} {
		t.Setenv("NATS_"+name, "spassword")
	}
	t.Setenv("NATS_MEMBER", "machine-2")
	for _, number := range []string{"1", "2", "3"} {
		t.Setenv("NATS_ROUTE_"+number, "nats-route://admin:spassword@machine-"+number+":6222")
	}
	options, err := server.ProcessConfigFile(filepath.Join("..", "..", "components", "containers", "nats", "cluster.conf"))
	if err != nil {
		t.Fatal(err)
	}
	members := options.Cluster
	if options.ServerName != "machine-2" || members.Name != clusterName || members.Port != 6222 ||
		members.PingInterval != memberPing || !options.JetStream || len(options.Users) != 5 {
		t.Errorf("the member is %s of %+v, with %d users", options.ServerName, members, len(options.Users))
	}
	if members.Username != secrets.BrokerAdmin || members.Password != "spassword" || len(options.Routes) != 3 {
		t.Errorf("members prove themselves as %q, over %v", members.Username, options.Routes)
	}
	for i, route := range options.Routes {
		password, _ := route.User.Password()
		if route.Host != fmt.Sprintf("machine-%d:6222", i+1) || password != "spassword" {
			t.Errorf("route %d is %s", i+1, route)
		}
	}
}

// allowed is what a user may publish and subscribe to, in order.
func allowed(p *server.Permissions) map[string][]string {
	if p == nil {
		return nil
	}
	return map[string][]string{"publish": slices.Sorted(slices.Values(p.Publish.Allow)),
		"subscribe": slices.Sorted(slices.Values(p.Subscribe.Allow))}
}
