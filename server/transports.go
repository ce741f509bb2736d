package server

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"corebank/server/connlimit"
	"corebank/server/overhttp"
	"corebank/server/socket"
)

// Bounds of connections that stay open.
const (
	// DefaultMaxConnections bounds all of them, and
	// DefaultMaxConnectionsPerCaller those of one caller.
	DefaultMaxConnections          = 20_000
	DefaultMaxConnectionsPerCaller = 10_000

	// A part of them may wait for connection_init, which needs no token yet: in all,
	// and for one address.
	pendingShare = 8
	pendingEach  = 20
	minPending   = 64

	websocketInitTime   = 10 * time.Second
	websocketPing       = 20 * time.Second
	websocketWriteTime  = 10 * time.Second
	websocketMessage    = 64 << 10 // bytes
	websocketOperations = 100
	eventsKeepAlive     = 15 * time.Second
)

// Transports configures how requests arrive and answers leave. A zero field
// stands for its default.
type Transports struct {
	// Draft selects the status codes of the newest draft of GraphQL over HTTP: see
	// overhttp.Transport.
	Draft bool
	// MaxConnections bounds the open websockets and event streams,
	// MaxConnectionsPerCaller those of one caller.
	MaxConnections, MaxConnectionsPerCaller int
	// InitTime, Ping, WriteTime and KeepAlive: see the transports.
	InitTime, Ping, WriteTime, KeepAlive time.Duration
	// Ending is cancelled when the gateway stops: see the transports. nil for
	// never.
	Ending context.Context

	refused     func(code string)  // counts a request that is not executed
	connections *connlimit.Limiter // shared by the transports
	pending     *connlimit.Limiter // of websockets without an accepted connection_init
}

func (t Transports) withDefaults() Transports {
	t.MaxConnections = orDefault(t.MaxConnections, DefaultMaxConnections)
	t.MaxConnectionsPerCaller = orDefault(t.MaxConnectionsPerCaller, DefaultMaxConnectionsPerCaller)
	t.InitTime = orDefault(t.InitTime, websocketInitTime)
	t.Ping = orDefault(t.Ping, websocketPing)
	t.WriteTime = orDefault(t.WriteTime, websocketWriteTime)
	t.KeepAlive = orDefault(t.KeepAlive, eventsKeepAlive)
	t.connections = connlimit.New(t.MaxConnections, t.MaxConnectionsPerCaller)
	t.pending = connlimit.New(max(t.MaxConnections/pendingShare, minPending),
		max(t.MaxConnections/pendingEach, minPending))
	return t
}

func orDefault[T comparable](value, otherwise T) T {
	if value == *new(T) {
		return otherwise
	}
	return value
}

// websockets is the transport of websockets.
func (t Transports) websockets(caller func(context.Context) string,
	init transport.WebsocketInitFunc) *socket.Transport {
	return &socket.Transport{Init: init, Caller: caller, Connections: t.connections, Pending: t.pending,
		InitTimeout: t.InitTime, Refused: t.refused,
		Ping: t.Ping, WriteTime: t.WriteTime, Ending: t.Ending,
		MaxMessage: websocketMessage, MaxOperations: websocketOperations}
}

// http is the transport of everything else.
func (t Transports) http(caller func(context.Context) string) overhttp.Transport {
	return overhttp.Transport{Draft: t.Draft, KeepAlive: t.KeepAlive, Connections: t.connections, Caller: caller,
		Ending: t.Ending, Refused: t.refused}
}
