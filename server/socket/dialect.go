package socket

// The subprotocols, the one that is preferred first.
const (
	Modern = "graphql-transport-ws"
	Legacy = "graphql-ws"
)

// dialect is how a subprotocol calls its messages; "" for what it has not.
type dialect struct {
	start, stop, next string
	ping, pong        string
	initError, alive  string
	terminate         string
}

// What both call alike.
const (
	wordInit     = "connection_init"
	wordAck      = "connection_ack"
	wordError    = "error"
	wordComplete = "complete"
)

var (
	modern = dialect{start: "subscribe", stop: wordComplete, next: "next", ping: "ping", pong: "pong"}
	legacy = dialect{start: "start", stop: "stop", next: "data", initError: "connection_error", alive: "ka", terminate: "connection_terminate"}
)
