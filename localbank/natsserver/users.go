package natsserver

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"corebank/internal/contract"
	"corebank/internal/jetstream"
	"corebank/internal/secrets"
)

// users are the users of the broker, with the passwords in a folder: only the
// event source publishes to the topic, the other apps read it, those of which one
// leads have leases, and the administrator makes it all.
func users(folder string) ([]*server.User, error) {
	var all []*server.User
	for _, name := range append(secrets.Apps(), secrets.BrokerAdmin) {
		password, err := secrets.ReadFile(filepath.Join(folder, secrets.Broker(name)))
		if err != nil {
			return nil, fmt.Errorf("--passwords: %w", err)
		}
		all = append(all, &server.User{Username: name, Password: password, Permissions: permissions(name)})
	}
	return all, nil
}

// asAdmin connects as the administrator, if there are users.
func asAdmin(users []*server.User) nats.Option {
	if admin := adminOf(users); admin != nil {
		return nats.UserInfo(admin.Username, admin.Password)
	}
	return func(*nats.Options) error { return nil }
}

// adminOf is the administrator; nil if there are no users.
func adminOf(users []*server.User) *server.User {
	for _, user := range users {
		if user.Username == secrets.BrokerAdmin {
			return user
		}
	}
	return nil
}

// The subjects that the apps use. components/containers/nats/nats.conf has the same.
var (
	lookUp  = []string{"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO." + jetstream.Stream}
	consume = []string{"$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>"}
	publish = []string{contract.Topic}
	lead    = []string{"$JS.API.STREAM.INFO.KV_" + jetstream.Leases, "$JS.API.STREAM.MSG.GET.KV_" + jetstream.Leases,
		"$JS.API.STREAM.LEADER.STEPDOWN.KV_" + jetstream.Leases,
		"$JS.API.DIRECT.GET.KV_" + jetstream.Leases + ".>", "$KV." + jetstream.Leases + ".>"}
	subscribe = []string{"_INBOX.>"}
)

// permissions are what a user may do; nil is everything.
func permissions(user string) *server.Permissions {
	more := consume
	switch user {
	case secrets.BrokerAdmin:
		return nil
	case contract.AppEventSource:
		more = slices.Concat(publish, lead)
	case contract.AppProjector:
		more = slices.Concat(consume, lead)
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: slices.Concat(lookUp, more)},
		Subscribe: &server.SubjectPermission{Allow: subscribe},
	}
}
