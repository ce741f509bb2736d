package main

import (
	"crypto/rand"
	"errors"
	"slices"

	"github.com/xdg-go/scram"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// iterations of SCRAM-SHA-256; MongoDB's own default.
const iterations = 15_000

// user may do what its roles say. Its password is not kept.
type user struct {
	Salt      string `bson:"salt"`
	StoredKey []byte `bson:"stored"`
	ServerKey []byte `bson:"server"`
	Roles     []role `bson:"roles"`
}

type role struct {
	Name     string `bson:"role"`
	Database string `bson:"db"`
}

func newUser(name, password string, roles []role) (*user, error) {
	salt := rand.Text()
	client, err := scram.SHA256.NewClient(name, password, "")
	if err != nil {
		return nil, err
	}
	keys := client.GetStoredCredentials(scram.KeyFactors{Salt: salt, Iters: iterations})
	return &user{Salt: salt, StoredKey: keys.StoredKey, ServerKey: keys.ServerKey, Roles: roles}, nil
}

// may reports whether a user may read, or write, a database.
func (u user) may(write bool, database string) bool {
	return slices.ContainsFunc(u.Roles, func(r role) bool {
		return r.Name == "root" || r.Database == database && (r.Name == "readWrite" || r.Name == "read" && !write)
	})
}

func (u user) isRoot() bool {
	return slices.ContainsFunc(u.Roles, func(r role) bool { return r.Name == "root" })
}

func rolesOf(command bson.D, database string) (roles []role) {
	for _, one := range list(command, "roles") {
		switch r := one.(type) {
		case string:
			roles = append(roles, role{r, database})
		case bson.D:
			roles = append(roles, role{text(r, "role"), text(r, "db")})
		}
	}
	return roles
}

// conversation is the one of a connection that signs in.
type conversation struct {
	*scram.ServerConversation
}

var errSignIn = failure{code: 18, name: "AuthenticationFailed", text: "Authentication failed."}

// signIn takes a step of the conversation. It answers with the name when it is over.
func (c *conversation) signIn(s *store, command bson.D, first bool) (reply bson.D, name string, err error) {
	if first {
		if text(command, "mechanism") != "SCRAM-SHA-256" {
			return nil, "", unsupported("the mechanism " + text(command, "mechanism"))
		}
		server, err := scram.SHA256.NewServer(func(name string) (scram.StoredCredentials, error) {
			u, known := s.users[name]
			if !known {
				return scram.StoredCredentials{}, errors.New("no such user")
			}
			return scram.StoredCredentials{KeyFactors: scram.KeyFactors{Salt: u.Salt, Iters: iterations},
				StoredKey: u.StoredKey, ServerKey: u.ServerKey}, nil
		})
		if err != nil {
			return nil, "", err
		}
		c.ServerConversation = server.NewConversation()
	}
	if c.ServerConversation == nil {
		return nil, "", errSignIn
	}
	payload, _ := field(command, "payload")
	said, _ := payload.(bson.Binary)
	answer, err := c.Step(string(said.Data))
	if err != nil || c.Done() && !c.Valid() {
		return nil, "", errSignIn
	}
	if c.Done() {
		name = c.Username()
	}
	return bson.D{{Key: "conversationId", Value: int32(1)}, {Key: "done", Value: c.Done()},
		{Key: "payload", Value: bson.Binary{Data: []byte(answer)}}}, name, nil
}
