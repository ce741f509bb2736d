package banktest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// badProxy stands between a client and the gateway. It loses answers and breaks
// connections on request.
type badProxy struct {
	*httptest.Server
	mu          sync.Mutex
	lose, gone  int
	connections map[net.Conn]bool
}

func newBadProxy(t *testing.T, gateway string) *badProxy {
	t.Helper()
	target, err := url.Parse(gateway)
	if err != nil {
		t.Fatal(err)
	}
	way := &badProxy{connections: map[net.Conn]bool{}}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	way.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if signedIn := r.Header.Get("Authorization") != "Bearer forged"; signedIn && len(body) > 0 && way.loses() {
			proxy.ServeHTTP(httptest.NewRecorder(), r) // it is applied, and the answer is lost
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	way.Listener = counted{way.Listener, way}
	way.Start()
	t.Cleanup(func() { way.cut(); way.Close() })
	return way
}

func (way *badProxy) loses() bool {
	way.mu.Lock()
	defer way.mu.Unlock()
	if way.lose == 0 {
		return false
	}
	way.lose--
	way.gone++
	return true
}

// loseAnswers has the next answers get lost, and forgets those that were.
func (way *badProxy) loseAnswers(n int) {
	way.mu.Lock()
	defer way.mu.Unlock()
	way.lose, way.gone = n, 0
}

func (way *badProxy) lost() int {
	way.mu.Lock()
	defer way.mu.Unlock()
	return way.gone
}

// cut breaks every connection.
func (way *badProxy) cut() {
	way.mu.Lock()
	defer way.mu.Unlock()
	for conn := range way.connections {
		_ = conn.Close()
	}
	clear(way.connections)
}

// counted is a listener whose connections can be cut.
type counted struct {
	net.Listener
	way *badProxy
}

// Accept implements net.Listener.
func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.way.mu.Lock()
		defer c.way.mu.Unlock()
		c.way.connections[conn] = true
	}
	return conn, err
}

// follower is a snippet that runs on and on.
type follower struct {
	block, shown guideBlock
	folder       string
	issuer       string
	lines        chan string
	stop         func()
}

// follow runs a snippet that follows an account. Its first token has ended, it
// is cut off and killed between payments, and it prints each payment once.
func (r *guideRun) follow(block, shown guideBlock) {
	f := &follower{block: block, shown: shown, folder: filepath.Join(r.folder, strings.ReplaceAll(block.name, ".", "-"))}
	if err := os.Mkdir(f.folder, 0o700); err != nil {
		r.t.Fatal(err)
	}
	f.issuer = r.issue(block.name)
	r.write(filepath.Join(f.folder, "cursor"), r.head())
	if r.followers = append(r.followers, f); len(r.followers) < 2 {
		return // both hear the same payments
	}
	want := make([][]string, len(r.followers))
	for i, f := range r.followers {
		want[i] = strings.Split(strings.TrimSpace(f.shown.text), "\n")
		r.start(f)
	}
	for n := range want[0] {
		switch n {
		case 1:
			r.way.cut()
		case 2:
			for _, f := range r.followers {
				r.untilKept(f)
				f.stop()
			}
		}
		r.bank.Deposit(r.account, fmt.Sprintf("%d.00", n+1), "EUR", fmt.Sprint("followed ", n))
		for i, f := range r.followers {
			if n == 2 {
				r.start(f)
			}
			if got := r.heard(f); got != want[i][n] {
				r.t.Errorf("%s prints %q, the guide shows %q", f.block.name, got, want[i][n])
			}
		}
	}
	for _, f := range r.followers {
		if _, err := os.Stat(filepath.Join(r.folder, f.block.name+".first")); err == nil {
			r.t.Errorf("%s did not ask for a token", f.block.name)
		}
		f.stop()
		for line := range f.lines {
			r.t.Errorf("%s also prints %q", f.block.name, line)
		}
	}
}

// head is the cursor of a heartbeat at the end of the log.
func (r *guideRun) head() string {
	r.t.Helper()
	r.bank.Settle()
	socket := r.bank.Dial()
	defer socket.Close()
	socket.Ask("1", `subscription($id: ID) { transactionFeed(accountId: $id, heartbeatSeconds: 1) { cursor } }`,
		map[string]any{"id": r.account})
	var beat struct {
		Data struct{ TransactionFeed struct{ Cursor string } }
	}
	socket.Next(&beat)
	return beat.Data.TransactionFeed.Cursor
}

// untilKept waits until a snippet has kept its place at the end of the log.
func (r *guideRun) untilKept(f *follower) {
	r.t.Helper()
	head, deadline := r.head(), time.After(guidePatience)
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case <-deadline:
			r.t.Fatalf("%s does not keep its cursor", f.block.name)
		case <-tick.C:
			kept, err := os.ReadFile(filepath.Join(f.folder, "cursor"))
			if err == nil && withoutMark(r.t, string(kept)) == withoutMark(r.t, head) {
				tick.Stop()
				return
			}
		}
	}
}

// withoutMark is what a cursor counts: that of a heartbeat may lack the mark of the
// record there.
func withoutMark(t *testing.T, cursor string) string {
	t.Helper()
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(string(plain), ":", 3)
	return strings.Join(parts[:min(2, len(parts))], ":")
}

func (r *guideRun) start(f *follower) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := r.command(ctx, f.block, f.folder)
	command.Env = append(command.Env, "TOKEN_COMMAND="+f.issuer)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	f.lines = make(chan string, 100)
	go func() {
		defer close(f.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			f.lines <- scanner.Text()
		}
	}()
	stopped := sync.OnceFunc(func() { cancel(); _ = command.Wait() })
	f.stop = stopped
	r.t.Cleanup(stopped)
}

func (r *guideRun) heard(f *follower) string {
	r.t.Helper()
	select {
	case line, more := <-f.lines:
		if !more {
			r.t.Fatalf("%s has ended", f.block.name)
		}
		return line
	case <-time.After(guidePatience):
		r.t.Fatalf("%s prints nothing", f.block.name)
	}
	return ""
}
