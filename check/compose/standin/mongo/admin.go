package main

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// administer carries out the commands that are on no collection. It reports whether
// the command is one of them.
func (c *connection) administer(name, database string, command bson.D) (done bool, reply bson.D, err error) {
	switch name {
	case "hello", "ismaster":
		return true, c.hello(command), nil
	case "ping", "endsessions", "logout":
		return true, nil, nil
	case "buildinfo":
		return true, bson.D{{Key: "version", Value: "8.0.0"}}, nil
	case "saslstart", "saslcontinue":
		var who string
		reply, who, err = c.conversation.signIn(c.store, command, name == "saslstart")
		if who != "" {
			c.name = who
		}
		return true, reply, err
	case "replsetgetstatus":
		if c.store.set == nil {
			return true, nil, failure{code: 94, name: "NotYetInitialized", text: "no replset config has been received"}
		}
		return true, bson.D{{Key: "set", Value: c.setName}, {Key: "myState", Value: int32(1)}}, nil
	case "replsetinitiate":
		return true, nil, c.initiate(document(command, command[0].Key))
	case "createuser", "updateuser":
		return true, nil, c.keepUser(name == "createuser", database, command)
	case "usersinfo":
		who, _ := command[0].Value.(string)
		users := bson.A{}
		if _, known := c.store.users[who]; known {
			users = append(users, bson.D{{Key: "user", Value: who}, {Key: "db", Value: database}})
		}
		return true, bson.D{{Key: "users", Value: users}}, nil
	case "committransaction":
		return true, nil, c.store.commit(command)
	case "aborttransaction":
		c.store.abort(command)
		return true, nil, nil
	}
	return false, nil, nil
}

func (c *connection) initiate(set bson.D) error {
	if c.store.set != nil {
		return failure{code: 23, name: "AlreadyInitialized", text: "already initialized"}
	}
	if text(set, "_id") != c.setName || len(list(set, "members")) != 1 {
		return unsupported("a replica set of another name, or with several members")
	}
	return c.store.write(entry{Set: set})
}

func (c *connection) keepUser(fresh bool, database string, command bson.D) error {
	name, _ := command[0].Value.(string)
	if _, known := c.store.users[name]; known == fresh {
		return failure{code: 51003, name: "Location51003", text: "the user " + name + " exists, or does not"}
	}
	if database != "admin" {
		return unsupported("users of another database than admin")
	}
	for _, r := range rolesOf(command, database) {
		if !slices.Contains([]string{"root", "read", "readWrite"}, r.Name) {
			return unsupported("the role " + r.Name)
		}
	}
	u, err := newUser(name, text(command, "pwd"), rolesOf(command, database))
	if err != nil {
		return err
	}
	return c.store.write(entry{Users: map[string]*user{name: u}})
}
