package immudb

import (
	"context"
	"net"
	"sync"
)

// line is the connection of a session. Cut, all calls that wait for an answer fail: a session that is ended in order
// waits for the server, which may be frozen.
type line struct {
	mu    sync.Mutex
	close func() error // nil before there is a connection
}

func (l *line) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err == nil {
		l.hold(conn.Close)
	}
	return conn, err
}

func (l *line) hold(close func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close = close
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.close != nil {
		_ = l.close() // it is lost anyway
	}
}
