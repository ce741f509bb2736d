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
	// DefaultConnections bounds them in all, DefaultConnectionsEach those of one
	// caller.
	DefaultMaxConnections          = 20_000
	DefaultMaxConnectionsPerCaller = 10_000

	websocketInitTime   = 10 * time.Second
	websocketPing       = 20 * time.Second
	websocketWriteTime  = 10 * time.Second
	websocketMessage    = 64 << 10 // bytes
	websocketOperations = 100
	eventsKeepAlive     = 15 * time.Second
)

// Wire is how requests come and answers go. What is zero has its default.
type Transports struct {
	// Draft answers with the status codes of the newest draft of GraphQL over
	// HTTP: see overhttp.Transport.
	Draft bool
	// Connections bounds the websockets and streams that are open in all, and
	// ConnectionsEach those of one caller.
	MaxConnections, MaxConnectionsPerCaller int
	// InitTime, Ping, WriteTime and KeepAlive are those of the transports.
	InitTime, Ping, WriteTime, KeepAlive time.Duration
	// Ending ends with the gateway: see the transports. nil for never.
	Ending context.Context

	connections *connlimit.Limiter // shared by the transports
}

func (w Transports) withDefaults() Transports {
	w.MaxConnections = orDefault(w.MaxConnections, DefaultMaxConnections)
	w.MaxConnectionsPerCaller = orDefault(w.MaxConnectionsPerCaller, DefaultMaxConnectionsPerCaller)
	w.InitTime = orDefault(w.InitTime, websocketInitTime)
	w.Ping = orDefault(w.Ping, websocketPing)
	w.WriteTime = orDefault(w.WriteTime, websocketWriteTime)
	w.KeepAlive = orDefault(w.KeepAlive, eventsKeepAlive)
	w.connections = connlimit.New(w.MaxConnections, w.MaxConnectionsPerCaller)
	return w
}

func orDefault[T comparable](value, otherwise T) T {
	if value == *new(T) {
		return otherwise
	}
	return value
}

// sockets serves websockets.
func (w Transports) sockets(caller func(context.Context) string, init transport.WebsocketInitFunc) *socket.Transport {
	return &socket.Transport{Init: init, Caller: caller, Connections: w.connections, InitTimeout: w.InitTime, Ping: w.Ping, WriteTime: w.WriteTime, Ending: w.Ending,
		MaxMessage: websocketMessage, MaxOperations: websocketOperations}
}

// plainHTTP serves everything else.
func (w Transports) plainHTTP(caller func(context.Context) string) overhttp.Transport {
	return overhttp.Transport{Draft: w.Draft, KeepAlive: w.KeepAlive, Connections: w.connections, Caller: caller, Ending: w.Ending}
}
