package socket_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/connlimit"
	"corebank/server/socket"
)

// executor runs one operation, which yields the given answers until its context
// ends.
type executor struct {
	ran   chan context.Context
	yield chan *graphql.Response
}

func (e executor) CreateOperationContext(context.Context,
	*graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	return &graphql.OperationContext{RecoverFunc: graphql.DefaultRecover}, nil
}

func (e executor) DispatchOperation(ctx context.Context,
	_ *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	e.ran <- ctx
	return func(ctx context.Context) *graphql.Response {
		select {
		case response := <-e.yield:
			if response == nil {
				panic("a resolver panicked")
			}
			return response
		case <-ctx.Done():
			return nil
		}
	}, ctx
}

func (e executor) DispatchError(_ context.Context, errs gqlerror.List) *graphql.Response {
	return &graphql.Response{Errors: errs}
}

// connect is a connection to a gateway with this init function.
func connect(t *testing.T, ending context.Context, init transport.WebsocketInitFunc,
	protocol string) (executor, *websocket.Conn) {
	t.Helper()
	exec := executor{make(chan context.Context, 1), make(chan *graphql.Response)}
	transport := &socket.Transport{
		Init: init, Ending: ending, Connections: connlimit.New(10, 10),
		Caller:      func(context.Context) string { return "ada" },
		InitTimeout: time.Minute, Ping: time.Minute, WriteTime: time.Minute,
		MaxMessage: 1 << 16, MaxOperations: 10,
	}
	gateway := httptest.NewServer(handler{transport, exec})
	t.Cleanup(gateway.Close)
	dialer := websocket.Dialer{Subprotocols: []string{protocol}}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(gateway.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	say(t, conn, `{"type":"connection_init","payload":{"token":"x"}}`)
	return exec, conn
}

func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// expect reads messages that contain these texts and then, unless code is 0, the
// close message.
func expect(t *testing.T, conn *websocket.Conn, code int, reason string, messages ...string) {
	t.Helper()
	for _, want := range messages {
		if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), want) {
			t.Fatalf("got %s, %v; want %s", text, err, want)
		}
	}
	if code == 0 {
		return
	}
	_, text, err := conn.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != code || closed.Text != reason {
		t.Fatalf("got %s, %v; want %d %q", text, err, code, reason)
	}
}

const (
	ack       = `{"type":"connection_ack"}`
	subscribe = `{"id":"1","type":"subscribe","payload":{"query":"subscription { x }"}}`
)

// TestAKickIsTheLastMessage: a closed connection must not make a running operation
// look completed.
func TestAKickIsTheLastMessage(t *testing.T) {
	for range 20 { // whether another message comes between would be chance
		exec, conn := connect(t, nil, nil, socket.Modern)
		expect(t, conn, 0, "", ack)
		say(t, conn, subscribe)
		ctx := <-exec.ran
		exec.yield <- &graphql.Response{Data: []byte(`{"x":1}`)}
		expect(t, conn, 0, "", `{"type":"next"`)
		if !socket.Kick(ctx, socket.CloseUnauthorized, "Token expired") {
			t.Fatal("no connection was kicked")
		}
		<-ctx.Done()
		if socket.Kick(ctx, socket.CloseForbidden, "") {
			t.Error("the same connection was kicked twice")
		}
		expect(t, conn, 4401, "Token expired")
	}
	if socket.Kick(t.Context(), socket.CloseUnauthorized, "") {
		t.Error("Kick reports an open websocket")
	}
}

func TestInitDecides(t *testing.T) {
	refuse := func(err error) transport.WebsocketInitFunc {
		return func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
			if payload["token"] != "x" {
				t.Errorf("init was given %v", payload)
			}
			return ctx, nil, err
		}
	}
	invalid := &socket.Closed{Code: socket.CloseUnauthorized, Reason: "Invalid token"}
	forbidden := func(letter string, n int) error {
		return &socket.Closed{Code: socket.CloseForbidden, Reason: strings.Repeat(letter, n)}
	}
	for name, test := range map[string]struct {
		err    error
		code   int
		reason string
	}{
		"a token that is refused":   {invalid, 4401, "Invalid token"},
		"a caller who may not":      {errors.New("ada is not let in: secret"), 4403, "Forbidden"},
		"a reason cut at a letter":  {forbidden("ä", 62), 4403, strings.Repeat("ä", 61)},
		"a reason that is too long": {forbidden("x", 200), 4403, strings.Repeat("x", 123)},
	} {
		t.Run(name, func(t *testing.T) {
			_, conn := connect(t, nil, refuse(test.err), socket.Modern)
			expect(t, conn, test.code, test.reason)
			_, old := connect(t, nil, refuse(test.err), socket.Legacy)
			expect(t, old, test.code, test.reason, `{"type":"connection_error","payload":{"message":"`+test.reason)
		})
	}
	type key struct{}
	greet := func(ctx context.Context, _ transport.InitPayload) (context.Context, *transport.InitPayload, error) {
		return context.WithValue(ctx, key{}, "ada"), &transport.InitPayload{"hello": "ada"}, nil
	}
	exec, conn := connect(t, nil, greet, socket.Modern)
	expect(t, conn, 0, "", `{"type":"connection_ack","payload":{"hello":"ada"}}`)
	say(t, conn, subscribe)
	if ctx := <-exec.ran; ctx.Value(key{}) != "ada" {
		t.Error("an operation does not get the context of init")
	}
}

func TestAPanicEndsItsOperationAlone(t *testing.T) {
	exec, conn := connect(t, nil, nil, socket.Modern)
	say(t, conn, subscribe)
	<-exec.ran
	exec.yield <- nil
	expect(t, conn, 0, "", ack, `{"type":"error","id":"1"`)
	say(t, conn, subscribe)
	<-exec.ran
	exec.yield <- &graphql.Response{Data: []byte(`{"x":2}`)}
	expect(t, conn, 0, "", `{"type":"next","id":"1","payload":{"data":{"x":2}}}`)
}

func TestTheGatewayClosesItsConnectionsWhenItEnds(t *testing.T) {
	ending, end := context.WithCancel(t.Context())
	exec, conn := connect(t, ending, nil, socket.Modern)
	say(t, conn, subscribe)
	ctx := <-exec.ran
	end()
	expect(t, conn, 1001, "The gateway stops; connect again", ack)
	<-ctx.Done()
}

// TestAPanicAtInitEndsItsConnectionAlone: the HTTP server no longer recovers it.
func TestAPanicAtInitEndsItsConnectionAlone(t *testing.T) {
	panics := func(context.Context, transport.InitPayload) (context.Context, *transport.InitPayload, error) {
		panic("init panicked")
	}
	_, conn := connect(t, nil, panics, socket.Modern)
	if _, text, err := conn.ReadMessage(); err == nil {
		t.Errorf("the client received %s", text)
	}
}

// TestMessagesOfAnyLengthArrive: a frame has one of three encodings of its length.
func TestMessagesOfAnyLengthArrive(t *testing.T) {
	exec, conn := connect(t, nil, nil, socket.Modern)
	expect(t, conn, 0, "", ack)
	say(t, conn, subscribe)
	<-exec.ran
	const around = `{"type":"next","id":"1","payload":{"data":""}}`
	for _, size := range []int{len(around), 125, 126, 127, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 20} {
		sent := strings.Repeat("x", size-len(around))
		exec.yield <- &graphql.Response{Data: []byte(`"` + sent + `"`)}
		_, text, err := conn.ReadMessage()
		if err != nil || len(text) != size || !strings.HasSuffix(string(text), sent+`"}}`) {
			t.Fatalf("of %d bytes, %d arrive: %v", size, len(text), err)
		}
	}
}
