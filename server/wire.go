package server

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"corebank/server/overhttp"
	"corebank/server/seats"
	"corebank/server/socket"
)

// Bounds of connections that stay open.
const (
	// DefaultConnections bounds them in all, DefaultConnectionsEach those of one
	// caller.
	DefaultConnections     = 20_000
	DefaultConnectionsEach = 10_000

	websocketInitTime   = 10 * time.Second
	websocketPing       = 20 * time.Second
	websocketWriteTime  = 10 * time.Second
	websocketMessage    = 64 << 10 // bytes
	websocketOperations = 100
	eventsKeepAlive     = 15 * time.Second
)

// Wire is how requests come and answers go. What is zero has its default.
type Wire struct {
	// Draft answers with the status codes of the newest draft of GraphQL over
	// HTTP: see overhttp.Transport.
	Draft bool
	// Connections bounds the websockets and streams that are open in all, and
	// ConnectionsEach those of one caller.
	Connections, ConnectionsEach int
	// InitTime, Ping, WriteTime and KeepAlive are those of the transports.
	InitTime, Ping, WriteTime, KeepAlive time.Duration
	// Ending ends with the gateway: see the transports. nil for never.
	Ending context.Context

	seats *seats.Seats // shared by the transports
}

func (w Wire) withDefaults() Wire {
	w.Connections = orDefault(w.Connections, DefaultConnections)
	w.ConnectionsEach = orDefault(w.ConnectionsEach, DefaultConnectionsEach)
	w.InitTime = orDefault(w.InitTime, websocketInitTime)
	w.Ping = orDefault(w.Ping, websocketPing)
	w.WriteTime = orDefault(w.WriteTime, websocketWriteTime)
	w.KeepAlive = orDefault(w.KeepAlive, eventsKeepAlive)
	w.seats = seats.New(w.Connections, w.ConnectionsEach)
	return w
}

func orDefault[T comparable](value, otherwise T) T {
	if value == *new(T) {
		return otherwise
	}
	return value
}

// sockets serves websockets.
func (w Wire) sockets(caller func(context.Context) string, init transport.WebsocketInitFunc) *socket.Transport {
	return &socket.Transport{Init: init, Caller: caller, Seats: w.seats, InitTimeout: w.InitTime, Ping: w.Ping, WriteTime: w.WriteTime, Ending: w.Ending,
		MaxMessage: websocketMessage, MaxOperations: websocketOperations}
}

// plainHTTP serves everything else.
func (w Wire) plainHTTP(caller func(context.Context) string) overhttp.Transport {
	return overhttp.Transport{Draft: w.Draft, KeepAlive: w.KeepAlive, Seats: w.seats, Caller: caller, Ending: w.Ending}
}
