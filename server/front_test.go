package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/server"
	"corebank/server/connlimit"
	"corebank/server/guard"
)

// front is a gateway without a bank behind it, and who may sign in.
type front struct {
	t      *testing.T
	people *identitytest.Issuer
	*httptest.Server
}

func newFront(t *testing.T, config guard.Config, transports server.Transports) *front {
	t.Helper()
	f := &front{t: t, people: identitytest.NewIssuer(t)}
	parts := server.Parts{Subscriptions: server.NewSubscriptionHub(&history{}), Verify: f.people.Verifier().Verify,
		Guard: config, Transports: transports}
	ready := func(context.Context) contract.Readiness { return contract.Readiness{Ready: true} }
	f.Server = httptest.NewServer(server.Handler(parts, ready))
	t.Cleanup(f.Close)
	return f
}

// begin sends the head of a request, and of its body what is given.
func (f *front) begin(body string, headers ...string) (net.Conn, *bufio.Reader) {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.Close() })
	head := "POST /graphql HTTP/1.1\r\nHost: " + f.Listener.Addr().String() + "\r\nContent-Type: application/json\r\n" +
		strings.Join(headers, "\r\n") + "\r\n\r\n"
	if _, err := io.WriteString(conn, head+body); err != nil {
		f.t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		f.t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// answer reads an answer to begin.
func (f *front) answer(from *bufio.Reader) (*http.Response, string) {
	f.t.Helper()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response, string(text)
}

// do sends a request with a document.
func (f *front) do(document string, headers map[string]string) (*http.Response, string) {
	f.t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.send(http.MethodPost, bytes.NewReader(body), headers)
}

func (f *front) send(method string, body io.Reader, headers map[string]string) (*http.Response, string) {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.URL+"/graphql", body)
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := (&http.Transport{DisableCompression: true}).RoundTrip(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response, string(text)
}

func (f *front) bearer(subject string, lasts time.Duration) string {
	f.t.Helper()
	token, err := f.people.Token(subject, identity.Teller, time.Now(), lasts)
	if err != nil {
		f.t.Fatal(err)
	}
	return "Bearer " + token
}

// TestTheTokenComesBeforeTheBody: what is refused for its sender is refused before
// its body has arrived.
func TestTheTokenComesBeforeTheBody(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	const megabyte = "Content-Length: 1048576"
	for name, test := range map[string]struct {
		headers []string
		status  int
		says    string
	}{
		"no token":              {[]string{megabyte}, 401, "Sign in first"},
		"no length":             {[]string{"Transfer-Encoding: chunked", "Authorization: Bearer x"}, 401, "token is refused"},
		"a made-up token":       {[]string{megabyte, "Authorization: Bearer x.y.z"}, 401, "token is refused"},
		"another scheme":        {[]string{megabyte, "Authorization: Basic eDp5"}, 401, "must be Bearer"},
		"two tokens":            {[]string{megabyte, "Authorization: Bearer x", "Authorization: Bearer y"}, 400, "send one"},
		"two tokens, one empty": {[]string{megabyte, "Authorization: ", "Authorization: Bearer y"}, 400, "send one"},
		"a packed body":         {[]string{megabyte, "Content-Encoding: gzip"}, 415, "without a Content-Encoding"},
	} {
		_, from := f.begin("", test.headers...)
		if response, text := f.answer(from); response.StatusCode != test.status || !strings.Contains(text, test.says) ||
			response.Header.Get("Connection") != "close" && !response.Close {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
	}
}

// TestBodiesShareABudget: one caller's bodies leave room for those of another, and
// what was read is given back.
func TestBodiesShareABudget(t *testing.T) {
	f := newFront(t, guard.Config{Limits: guard.Limits{Bodies: 400 << 10, BodiesEach: 200 << 10}}, server.Transports{})
	mallory, ada := "Authorization: "+f.bearer("mallory", time.Hour), "Authorization: "+f.bearer("ada", time.Hour)
	const length = "Content-Length: 150000"
	half := `{"query":"{ __typename }","x":"` + strings.Repeat("x", 100_000)
	type ended struct {
		conn     int
		response *http.Response
		text     string
	}
	answers := make(chan ended, 2)
	var stalled [2]net.Conn
	for i := range stalled {
		conn, from := f.begin(half, length, mallory)
		stalled[i] = conn
		go func() {
			if response, err := http.ReadResponse(from, nil); err == nil {
				text, _ := io.ReadAll(response.Body) // what is missing fails the test
				answers <- ended{i, response, string(text)}
			}
		}()
	}
	refused := <-answers // the one that came second
	if got := refused.response; got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" ||
		!strings.Contains(refused.text, `"retryable":true`) {
		t.Errorf("%s %v %s", got.Status, got.Header, refused.text)
	}
	whole := `{"query":"{ __typename }"}`
	_, from := f.begin(whole, fmt.Sprint("Content-Length: ", len(whole)), ada)
	if response, text := f.answer(from); response.StatusCode != http.StatusOK {
		t.Errorf("another caller meanwhile: %s %s", response.Status, text)
	}
	stalled[1-refused.conn].Close()
	for range 100 { // the gateway notices in a moment that it has gone
		_, from = f.begin(whole+strings.Repeat(" ", 150_000-len(whole)), length, mallory)
		if response, _ := f.answer(from); response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Error("the budget was not given back")
}

// TestConnectionsBeyondTheBoundsGet503, and the others go on.
func TestConnectionsBeyondTheBoundsGet503(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	for name, limits := range map[string]*connlimit.Limiter{"in all": connlimit.New(2, 10),
		"of one address": connlimit.New(10, 2)} {
		raw, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		bounded := &http.Server{Handler: f.Config.Handler, ReadHeaderTimeout: time.Minute}
		go func() { _ = bounded.Serve(connlimit.Listen(raw, limits)) }()
		t.Cleanup(func() { _ = bounded.Close() })
		ask := func(conn net.Conn) int {
			if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			return response.StatusCode
		}
		var open []net.Conn
		for i, want := range []int{200, 200, 503} {
			conn, err := net.Dial("tcp", raw.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if open = append(open, conn); ask(conn) != want {
				t.Errorf("%s: connection %d is not answered with %d", name, i+1, want)
			}
		}
		if ask(open[0]) != http.StatusOK {
			t.Errorf("%s: an open connection does not go on", name)
		}
		open[1].Close()
		for range 1000 { // the gateway notices in a moment
			conn, err := net.Dial("tcp", raw.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			status := ask(conn)
			conn.Close()
			if status == http.StatusOK {
				return
			}
		}
		t.Errorf("%s: what was closed still counts", name)
	}
}

// TestPagesOfAllowedOrigins use the API, and no others.
func TestPagesOfAllowedOrigins(t *testing.T) {
	f := newFront(t, guard.Config{Origins: []string{"https://app.example"}}, server.Transports{})
	question := map[string]string{"Access-Control-Request-Method": "POST",
		"Access-Control-Request-Headers": "authorization,content-type"}
	for origin, allowed := range map[string]bool{"https://app.example": true, "https://evil.example": false,
		"http://app.example": false, "https://app.example:8443": false, "null": false} {
		headers := map[string]string{"Origin": origin, "Sec-Fetch-Site": "cross-site",
			"Authorization": f.bearer("ada", time.Hour)}
		response, text := f.do("{ __typename }", headers)
		if (response.StatusCode == http.StatusOK) != allowed ||
			(response.Header.Get("Access-Control-Allow-Origin") == origin) != allowed {
			t.Errorf("%s: %s %v %s", origin, response.Status, response.Header, text)
		}
		question["Origin"] = origin
		response, _ = f.send(http.MethodOptions, nil, question)
		if got := response.Header.Get("Access-Control-Allow-Headers"); strings.Contains(got, "Authorization") != allowed {
			t.Errorf("%s asks first: %v", origin, response.Header)
		}
		if !strings.Contains(strings.Join(response.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: a cache may take the answer for another origin's", origin)
		}
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(f.URL, "http")+"/graphql",
			http.Header{"Origin": {origin}})
		if (err == nil) != allowed {
			t.Errorf("%s by websocket: %v", origin, err)
		}
		if err == nil {
			conn.Close()
		}
	}
	secure := map[string]string{"Origin": strings.Replace(f.URL, "http", "https", 1)}
	if response, _ := f.do("{ __typename }", secure); response.StatusCode != http.StatusForbidden {
		t.Errorf("a page over https at the same host: %s", response.Status)
	}
	if response, _ := f.do("{ __typename }", map[string]string{"Origin": f.URL}); response.StatusCode != http.StatusOK {
		t.Errorf("the gateway's own page: %s", response.Status)
	}
}

// TestLargeAnswersAreCompressed for those who can read that.
func TestLargeAnswersAreCompressed(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	const schema = "{ __schema { types { name description fields { name description } } } }"
	_, plain := f.do(schema, nil)
	response, packed := f.do(schema, map[string]string{"Accept-Encoding": "br, gzip"})
	unpacked, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil || string(text) != plain || len(packed) > len(plain)/3 ||
		response.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d bytes are sent as %d, %v: %v", len(plain), len(packed), err, response.Header)
	}
	if vary := strings.Join(response.Header.Values("Vary"), ","); !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary: %s", vary)
	}
	for _, not := range []string{"", "identity", "gzip;q=0", "br"} {
		if response, _ := f.do(schema, map[string]string{"Accept-Encoding": not}); response.Header.
			Get("Content-Encoding") != "" {
			t.Errorf("compressed for %q", not)
		}
	}
	if response, _ := f.do("{ __typename }", map[string]string{"Accept-Encoding": "gzip"}); response.Header.
		Get("Content-Encoding") != "" {
		t.Error("a small answer is compressed")
	}
}

// TestRefusalsToComeBackAreNoResults: clients such as Apollo's RetryLink try an
// answer again that is not one of GraphQL.
func TestRefusalsToComeBackAreNoResults(t *testing.T) {
	f := newFront(t, guard.Config{Rates: guard.Rates{PerPrincipal: 1}}, server.Transports{})
	headers := map[string]string{"Authorization": f.bearer("ada", time.Hour),
		"Accept": "application/graphql-response+json, application/json;q=0.9"}
	f.do("{ __typename }", headers)
	response, text := f.do("{ __typename }", headers)
	if response.StatusCode != http.StatusTooManyRequests || !strings.Contains(text, "RATE_LIMITED") ||
		!strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") ||
		response.Header.Get("Retry-After") == "" {
		t.Errorf("%s %v %s", response.Status, response.Header, text)
	}
}

// TestTheSchemaIsReadOncePerRequest, and from then on from memory.
func TestTheSchemaIsReadOncePerRequest(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	var twenty strings.Builder
	for i := range 20 {
		fmt.Fprintf(&twenty, "a%d: __schema { types { name } } ", i)
	}
	if _, text := f.do("{ "+twenty.String()+"}", nil); !strings.Contains(text, `"limit":"cost"`) {
		t.Errorf("twenty times the schema: %.300s", text)
	}
	const schema = "{ __schema { types { name fields { name } } } }"
	_, want := f.do(schema, nil)
	limited := false
	for i := range 200 { // each of another text, and so not in memory
		_, text := f.do(fmt.Sprint(schema, " #", i), nil)
		limited = limited || strings.Contains(text, "RATE_LIMITED")
	}
	if !limited {
		t.Error("200 different documents about the schema are answered at once")
	}
	if _, got := f.do(schema, nil); got != want {
		t.Errorf("from memory: %.300s", got)
	}
	if _, text := f.do("{ __typename }", nil); text != `{"data":{"__typename":"Query"}}` {
		t.Errorf("anything else: %s", text)
	}
}
