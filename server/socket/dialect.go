package socket

// The subprotocols, the preferred one first.
const (
	Modern = "graphql-transport-ws"
	Legacy = "graphql-ws"
)

// dialect holds the message types of a subprotocol; "" for a type that it does
// not have.
type dialect struct {
	start, stop, next string
	ping, pong        string
	initError, alive  string
	terminate         string
}

// The message types that both subprotocols have.
const (
	typeInit     = "connection_init"
	typeAck      = "connection_ack"
	typeError    = "error"
	typeComplete = "complete"
)

var (
	modern = dialect{start: "subscribe", stop: typeComplete, next: "next", ping: "ping", pong: "pong"}
	legacy = dialect{start: "start", stop: "stop", next: "data", initError: "connection_error", alive: "ka",
		terminate: "connection_terminate"}
)
