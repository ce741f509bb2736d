package main

import (
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"corebank/internal/contract"
	"corebank/internal/secrets"
)

// natsUsers are the users of the broker, with the passwords in a folder: only
// the event source publishes to the topic, the other apps read it, and the
// administrator makes it.
func natsUsers(folder string) ([]*server.User, error) {
	var users []*server.User
	for _, name := range append(secrets.Apps(), secrets.BrokerAdmin) {
		password, err := readSecret("passwords", filepath.Join(folder, secrets.Broker(name)))
		if err != nil {
			return nil, err
		}
		users = append(users, &server.User{Username: name, Password: password, Permissions: natsPermissions(name)})
	}
	return users, nil
}

// asAdmin connects as the administrator, if there are users.
func asAdmin(users []*server.User) nats.Option {
	for _, user := range users {
		if user.Username == secrets.BrokerAdmin {
			return nats.UserInfo(user.Username, user.Password)
		}
	}
	return func(*nats.Options) error { return nil }
}

// What the apps ask JetStream for. components/compose/nats.conf says the same.
var (
	natsLooks  = []string{"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO." + streamName}
	natsReads  = []string{"$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>"}
	natsWrites = []string{contract.Topic}
	natsHears  = []string{"_INBOX.>"}
)

// natsPermissions are what a user may do; nil is everything.
func natsPermissions(user string) *server.Permissions {
	more := natsReads
	switch user {
	case secrets.BrokerAdmin:
		return nil
	case contract.AppEventSource:
		more = natsWrites
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: append(append([]string{}, natsLooks...), more...)},
		Subscribe: &server.SubjectPermission{Allow: natsHears},
	}
}
