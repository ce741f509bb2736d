package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

const port = "27017"

// server answers connections.
type server struct {
	store *store
	// setName is empty for a server that is no member of a replica set.
	setName string
	// keyed is set if everybody has to sign in.
	keyed bool
}

// runServer serves until it is asked to end. It takes the arguments that
// docker-compose.yml gives.
func runServer(arguments []string) error {
	s := server{}
	for i := 0; i < len(arguments); i++ {
		switch arguments[i] {
		case "--replSet":
			i++
			s.setName = arguments[i]
		case "--keyFile":
			i++
			if _, err := os.ReadFile(arguments[i]); err != nil {
				return fmt.Errorf("read the key: %w", err)
			}
			s.keyed = true
		case "--bind_ip_all":
		default:
			return unsupported("the argument " + arguments[i])
		}
	}
	var err error
	if s.store, err = openStore(dataFolder); err != nil {
		return fmt.Errorf("open the data: %w", err)
	}
	if name := os.Getenv("MONGO_INITDB_ROOT_USERNAME"); name != "" && len(s.store.users) == 0 {
		root, err := newUser(name, os.Getenv("MONGO_INITDB_ROOT_PASSWORD"), []role{{"root", "admin"}})
		if err != nil {
			return err
		}
		if err := s.store.write(entry{Users: map[string]*user{name: root}}); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err
	}
	log.Printf("GOMAXPROCS is %d", runtime.GOMAXPROCS(0))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go s.serve(conn)
	}
}

// connection is one client.
type connection struct {
	server
	conversation conversation
	name         string // of the user who has signed in
}

func (s server) serve(conn net.Conn) {
	defer conn.Close()
	c := &connection{server: s}
	from := bufio.NewReader(conn)
	for {
		r, err := readRequest(from)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
				log.Printf("%s: %v", conn.RemoteAddr(), err)
			}
			return
		}
		reply := c.answer(r.command)
		if r.quiet {
			continue
		}
		if err := writeReply(conn, r, reply); err != nil {
			return
		}
	}
}

// answer carries a command out. Its name is its first field.
func (c *connection) answer(command bson.D) bson.D {
	c.store.Lock()
	defer c.store.Unlock()
	reply, err := c.carryOut(strings.ToLower(command[0].Key), command)
	if err == nil {
		return append(reply, bson.E{Key: "ok", Value: 1.0})
	}
	var known failure
	if errors.As(err, &known) {
		return known.reply()
	}
	log.Printf("%s: %v", command[0].Key, err)
	return failure{code: 59, name: "CommandNotFound", text: err.Error()}.reply()
}

// handshake are the commands of a connection that has not signed in.
var handshake = []string{"hello", "ismaster", "saslstart", "saslcontinue", "buildinfo", "ping", "endsessions",
	"logout"}

// reading and writing are commands on collections; all others are for root.
var (
	reading = []string{"find", "getmore", "killcursors", "listcollections", "committransaction", "aborttransaction"}
	writing = []string{"insert", "update", "delete", "findandmodify", "createindexes", "create", "drop", "dropdatabase"}
)

func (c *connection) authorize(name, database string) error {
	if !c.keyed || slices.Contains(handshake, name) {
		return nil
	}
	u := c.store.users[c.name]
	ends := name == "committransaction" || name == "aborttransaction"
	if c.name != "" && (u.isRoot() || ends || slices.Contains(reading, name) && u.may(false, database) ||
		slices.Contains(writing, name) && u.may(true, database)) {
		return nil
	}
	return failure{code: 13, name: "Unauthorized",
		text: fmt.Sprintf("not authorized on %s to execute command %s", database, name)}
}

func (c *connection) carryOut(name string, command bson.D) (bson.D, error) {
	database := text(command, "$db")
	if err := c.authorize(name, database); err != nil {
		return nil, err
	}
	if done, reply, err := c.administer(name, database, command); done {
		return reply, err
	}
	if c.setName != "" && c.store.set == nil {
		return nil, failure{code: 10107, name: "NotWritablePrimary", text: "the replica set is not initiated"}
	}
	s, err := c.store.scopeOf(command)
	if err != nil {
		return nil, err
	}
	reply, err := c.onCollection(s, name, database, command)
	if err == nil {
		err = s.end()
	}
	if s.within != nil && (err != nil || len(list(reply, "writeErrors")) > 0) {
		c.store.abort(command) // as MongoDB does
	}
	return reply, err
}

// hello describes the server.
func (c *connection) hello(command bson.D) bson.D {
	d := bson.D{{Key: "helloOk", Value: true}, {Key: "localTime", Value: time.Now()},
		{Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(21)},
		{Key: "maxBsonObjectSize", Value: int32(16 << 20)}, {Key: "maxMessageSizeBytes", Value: int32(maxMessage)},
		{Key: "maxWriteBatchSize", Value: int32(100_000)}, {Key: "logicalSessionTimeoutMinutes", Value: int32(30)},
		{Key: "readOnly", Value: false}}
	if _, asked := field(command, "saslSupportedMechs"); asked {
		d = append(d, bson.E{Key: "saslSupportedMechs", Value: bson.A{"SCRAM-SHA-256"}})
	}
	primary := c.setName == "" || c.store.set != nil
	d = append(d, bson.E{Key: "isWritablePrimary", Value: primary}, bson.E{Key: "ismaster", Value: primary})
	if c.setName == "" {
		return d
	}
	if !primary {
		return append(d, bson.E{Key: "isreplicaset", Value: true}, bson.E{Key: "secondary", Value: false})
	}
	member, _ := list(c.store.set, "members")[0].(bson.D)
	host := text(member, "host")
	return append(d, bson.E{Key: "setName", Value: c.setName}, bson.E{Key: "setVersion", Value: int32(1)},
		bson.E{Key: "secondary", Value: false}, bson.E{Key: "hosts", Value: bson.A{host}},
		bson.E{Key: "me", Value: host}, bson.E{Key: "primary", Value: host})
}
