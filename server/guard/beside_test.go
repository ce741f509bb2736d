package guard_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/check/banktest"
	"corebank/internal/identity"
)

// Bounds of a client beside an attack. They leave room for a machine with other
// work; docs/abuse.md has what was measured.
const (
	besideQueries = 200
	maxBeside     = 5 * time.Second
	maxBesideHeap = 512 << 20
)

// TestAnotherClientGoesOn: beside attackers that send as much as they can, a client
// is answered in time, and the memory stays small.
func TestAnotherClientGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("it floods this machine for some seconds")
	}
	b := banktest.Start(t)
	account := b.Open("ada")
	b.Deposit(account, "1.00", "EUR", "d")
	b.Settle()
	token := b.People.TokenFor("mallory", identity.Customer)
	address := strings.TrimPrefix(b.URL, "http://")
	measure := func(name string) {
		var took []time.Duration
		heap := uint64(0)
		for range besideQueries {
			began := time.Now()
			b.Balance(account, 2)
			took = append(took, time.Since(began))
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			heap = max(heap, memory.HeapInuse)
		}
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		t.Logf("%-60s p50 %8s p99 %8s heap %4d MiB", name, p50.Round(10*time.Microsecond),
			p99.Round(10*time.Microsecond), heap>>20)
		if p99 > maxBeside || heap > maxBesideHeap {
			t.Errorf("%s: another client waits %s, the heap has %d MiB", name, p99, heap>>20)
		}
	}
	measure("no attack")
	head := "POST /graphql HTTP/1.1\r\nHost: " + address + "\r\nContent-Type: application/json\r\n" +
		"Content-Length: 1048000\r\n"
	for _, attack := range []struct {
		name string
		many int
		turn func(context.Context) // until it fails or ctx ends
	}{
		{"1,000 connections that stop within a body of 1 MiB", 1000, stall(address, head+"\r\n")},
		{"the same with a token", 1000, stall(address, head+"Authorization: Bearer "+token+"\r\n\r\n")},
		{"64 connections that ask twenty times for the schema", 64,
			repeat(b.URL, func(int) string { return "{ " + each(20, "a%d: __schema { types { name } } ") + "}" })},
		{"64 connections that ask for the schema in ever new words", 64,
			repeat(b.URL, func(i int) string { return fmt.Sprint("{ __schema { types { name fields { name } } } } #", i) })},
		{"4 websockets that ping", 4, ping(b.URL, token)},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		var attackers sync.WaitGroup
		for range attack.many {
			attackers.Go(func() {
				for ctx.Err() == nil {
					attack.turn(ctx)
				}
			})
		}
		measure(attack.name)
		cancel()
		attackers.Wait()
	}
}

// stall sends a head and all but the end of a body, and then nothing more.
func stall(address, head string) func(context.Context) {
	request := []byte(head + strings.Repeat("x", 1_040_000)) // one for all attackers
	return func(ctx context.Context) {
		defer func() { <-ctx.Done() }()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		_, _ = conn.Write(request)       // it may be refused meanwhile
		_, _ = io.Copy(io.Discard, conn) // until it is refused
	}
}

// repeat sends documents without a token.
func repeat(url string, document func(int) string) func(context.Context) {
	var mu sync.Mutex
	n := 0
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	return func(ctx context.Context) {
		mu.Lock()
		n++
		text := jsonOf(map[string]any{"query": document(n)})
		mu.Unlock()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", strings.NewReader(text))
		if err != nil {
			return
		}
		request.Header.Set("Content-Type", "application/json")
		if response, err := client.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body) // what it says is not measured
			response.Body.Close()
		}
	}
}

// ping sends pings on a websocket until it is closed.
func ping(url, token string) func(context.Context) {
	return func(ctx context.Context) {
		dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
		conn, _, err := dialer.DialContext(ctx, strings.Replace(url, "http", "ws", 1)+"/graphql", nil)
		if err != nil {
			return
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		err = conn.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(initiate, "TOKEN", token)))
		go func() {
			for {
				if _, _, err := conn.ReadMessage(); err != nil {
					conn.Close()
					return
				}
			}
		}()
		for err == nil {
			err = conn.WriteControl(websocket.PingMessage, nil, time.Time{})
		}
	}
}
