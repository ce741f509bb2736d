package socket_test

import (
	"net/http"

	"corebank/server/socket"
)

// handler is a gateway that serves only websockets.
type handler struct {
	transport *socket.Transport
	exec      executor
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.transport.Do(w, r, h.exec) }
