package natsserver

import (
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

// allowed is what a user may publish and subscribe to, in order.
func allowed(p *server.Permissions) map[string][]string {
	if p == nil {
		return nil
	}
	return map[string][]string{"publish": slices.Sorted(slices.Values(p.Publish.Allow)),
		"subscribe": slices.Sorted(slices.Values(p.Subscribe.Allow))}
}
