package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/dop251/goja"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// patience bounds a script.
const patience = 20 * time.Second

// shell runs a script with the little of mongosh that the scripts of the compose file
// use.
type shell struct {
	*goja.Runtime
	ctx context.Context
}

// runShell takes the arguments that docker-compose.yml gives.
func runShell(arguments []string) error {
	var name, password, script string
	connects := true
	for i := 0; i < len(arguments); i++ {
		switch argument := arguments[i]; argument {
		case "--quiet":
		case "--nodb":
			connects = false
		case "-u", "-p", "--eval":
			i++
			*map[string]*string{"-u": &name, "-p": &password, "--eval": &script}[argument] = arguments[i]
		default:
			text, err := os.ReadFile(argument)
			if err != nil {
				return err
			}
			script = string(text)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s := shell{goja.New(), ctx}
	environment := make(map[string]string)
	for _, name := range []string{"MONGO_PASSWORD", "MONGO_SERVER", "MONGO_PROJECTOR", "MONGO_ACTOR"} {
		environment[name] = os.Getenv(name)
	}
	_ = s.Set("process", map[string]any{"env": environment})
	_ = s.Set("quit", func(code int) { os.Exit(code) })
	_ = s.Set("connect", s.connect)
	if connects {
		here := url.URL{Scheme: "mongodb", Host: "127.0.0.1:" + port, Path: "/test", RawQuery: "directConnection=true"}
		if name != "" {
			here.User = url.UserPassword(name, password)
			here.RawQuery += "&authSource=admin"
		}
		_ = s.Set("db", s.connect(here.String()))
		_ = s.Set("rs", map[string]any{
			"status": func() map[string]any {
				return s.run(here.String(), "admin", bson.D{{Key: "replSetGetStatus", Value: 1}})
			},
			"initiate": func(set map[string]any) map[string]any {
				return s.run(here.String(), "admin", bson.D{{Key: "replSetInitiate", Value: set}})
			},
		})
	}
	_, err := s.RunString(script)
	return err
}

// connect is a database of the script.
func (s shell) connect(uri string) map[string]any {
	parsed, err := url.Parse(uri)
	s.check(err)
	database := parsed.Path[1:]
	command := func(d bson.D) map[string]any { return s.run(uri, database, d) }
	withUser := func(name string, details map[string]any, who any) map[string]any {
		return command(bson.D{{Key: name, Value: who}, {Key: "pwd", Value: details["pwd"]},
			{Key: "roles", Value: details["roles"]}})
	}
	return map[string]any{
		"hello": func() map[string]any { return command(bson.D{{Key: "hello", Value: 1}}) },
		"getUser": func(name string) any {
			if found, _ := command(bson.D{{Key: "usersInfo", Value: name}})["users"].(bson.A); len(found) > 0 {
				return found[0]
			}
			return nil
		},
		"createUser": func(details map[string]any) map[string]any {
			return withUser("createUser", details, details["user"])
		},
		"updateUser": func(name string, details map[string]any) map[string]any {
			return withUser("updateUser", details, name)
		},
	}
}

// run gives one command over a connection of its own. An error is thrown.
func (s shell) run(uri, database string, command bson.D) (reply map[string]any) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetServerSelectionTimeout(patience / 2))
	s.check(err)
	defer func() { _ = client.Disconnect(s.ctx) }()
	err = client.Database(database).RunCommand(s.ctx, command).Decode(&reply)
	var refused mongo.CommandError
	if errors.As(err, &refused) {
		panic(s.NewGoError(fmt.Errorf("%s: %s", refused.Name, refused.Message)))
	}
	s.check(err)
	return reply
}

func (s shell) check(err error) {
	if err != nil {
		panic(s.NewGoError(err))
	}
}
