package mongo_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// replicaSet is a proxy that makes FerretDB look like a replica set with
// transactions: it removes what belongs to a transaction, confirms its end, and
// records every command. It shows which commands the store sends; whether MongoDB
// makes one transaction of them is up to TestStoreOnMongoDB.
type replicaSet struct {
	t        *testing.T
	address  string
	upstream string

	mu       sync.Mutex
	commands []bson.M // without their documents
	// failNext is the reply to the next update, once.
	failNext bson.D
}

// Opcodes and sizes of MongoDB's wire protocol.
const (
	opReply, opQuery, opMessage = 1, 2004, 2013
	headerSize, flagsSize       = 16, 4
)

func startReplicaSet(t *testing.T) (set *replicaSet, uri string) {
	t.Helper()
	upstream, err := url.Parse(startFerretDB(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	set = &replicaSet{t: t, address: listener.Addr().String(), upstream: upstream.Host}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { set.serve(client) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		connections.Wait() // the stores of the test are closed before this
	})
	return set, "mongodb://" + set.address + "/?replicaSet=rs0"
}

func (s *replicaSet) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", s.upstream)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return // the driver has gone
		}
		reply, err := s.answer(server, request)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.t.Error(err)
			}
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

func (s *replicaSet) answer(server net.Conn, request []byte) ([]byte, error) {
	if opcode(request) == opQuery { // the driver always begins with a hello
		head := make([]byte, 20) // flags, cursor, start, and one document
		head[16] = 1
		return message(opReply, request, append(head, encode(s.hello())...)), nil
	}
	body := request[headerSize+flagsSize+1:] // the command is the first section
	size := binary.LittleEndian.Uint32(body)
	var command bson.D
	if err := bson.Unmarshal(body[:size], &command); err != nil {
		return nil, err
	}
	switch name := command[0].Key; name {
	case "hello", "isMaster":
		return section(request, s.hello()), nil
	default:
		if canned := s.record(command); canned != nil {
			return section(request, canned), nil
		}
	}
	hidden := []string{"txnNumber", "autocommit", "startTransaction", "readConcern"}
	command = slices.DeleteFunc(command, func(e bson.E) bool { return slices.Contains(hidden, e.Key) })
	rest := append(encode(withoutPartial(command)), body[size:]...)
	if _, err := server.Write(message(opMessage, request, append([]byte{0, 0, 0, 0, 0}, rest...))); err != nil {
		return nil, err
	}
	return readMessage(server)
}

// withoutPartial is the command without partial indexes: FerretDB has none.
func withoutPartial(command bson.D) bson.D {
	command = slices.Clone(command)
	for i, e := range command {
		if e.Key != "indexes" {
			continue
		}
		var indexes bson.A
		for _, index := range e.Value.(bson.A) {
			indexes = append(indexes, slices.DeleteFunc(slices.Clone(index.(bson.D)),
				func(e bson.E) bool { return e.Key == "partialFilterExpression" }))
		}
		command[i].Value = indexes
	}
	return command
}

// record stores a command and returns the reply to it if FerretDB has none.
func (s *replicaSet) record(command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := bson.M{"": command[0].Key}
	for _, e := range command {
		noted[e.Key] = e.Value
	}
	s.commands = append(s.commands, noted)
	switch name := command[0].Key; {
	case name == "commitTransaction", name == "abortTransaction", name == "endSessions":
		return bson.D{{Key: "ok", Value: 1}}
	case name == "update" && s.failNext != nil:
		failure := s.failNext
		s.failNext = nil
		return failure
	}
	return nil
}

// since are the commands after the first n of them.
func (s *replicaSet) since(n int) []bson.M {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands[n:])
}

func (s *replicaSet) hello() bson.D {
	return bson.D{{Key: "ok", Value: 1}, {Key: "helloOk", Value: true}, {Key: "isWritablePrimary", Value: true},
		{Key: "setName", Value: "rs0"}, {Key: "localTime", Value: time.Now()}, {Key: "hosts", Value: bson.A{s.address}},
		{Key: "me", Value: s.address},
		{Key: "primary", Value: s.address}, {Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: 21},
		{Key: "maxBsonObjectSize", Value: 16 << 20}, {Key: "maxMessageSizeBytes", Value: 48_000_000},
		{Key: "maxWriteBatchSize", Value: 100_000}, {Key: "logicalSessionTimeoutMinutes", Value: 30}}
}

func readMessage(from io.Reader) ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(from, header); err != nil {
		return nil, err
	}
	whole := make([]byte, binary.LittleEndian.Uint32(header))
	copy(whole, header)
	_, err := io.ReadFull(from, whole[headerSize:])
	return whole, err
}

func opcode(m []byte) uint32 { return binary.LittleEndian.Uint32(m[12:]) }

// message has the id of the request, both as its own and as the one that it
// replies to.
func message(code uint32, request, body []byte) []byte {
	m := binary.LittleEndian.AppendUint32(nil, uint32(headerSize+len(body)))
	m = append(m, request[4:8]...)
	m = append(m, request[4:8]...)
	m = binary.LittleEndian.AppendUint32(m, code)
	return append(m, body...)
}

// section is a message of one document that replies to the request.
func section(request []byte, document bson.D) []byte {
	return message(opMessage, request, append([]byte{0, 0, 0, 0, 0}, encode(document)...))
}

func encode(document bson.D) []byte {
	bytes, err := bson.Marshal(document)
	if err != nil {
		panic(err) // the documents of this file can be encoded
	}
	return bytes
}
