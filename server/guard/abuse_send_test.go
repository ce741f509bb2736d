package guard_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/graph/generated"
	"corebank/server/guard"
)

// within limits every wait for an answer.
const within = 30 * time.Second

const statusQuery = "query Status { systemStatus { head } }"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// manifest is documents that the guard has read from an operator's file.
func manifest(t testing.TB, documents map[string]string) *guard.Documents {
	t.Helper()
	path := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(path, []byte(jsonOf(documents)), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := guard.ReadDocuments(path, generated.NewExecutableSchema(generated.Config{}).Schema(), guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func jsonOf(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // the tests send only what marshals
	}
	return string(data)
}

// query is an attack by a document. ACCOUNT in it is the id of an account.
func query(text string) func(*victim) reply { return request(text, nil) }

// request is an attack by a document and its variables. The document differs each
// time, because the gateway remembers those that it has checked.
func request(text string, variables map[string]any) func(*victim) reply {
	whole := jsonOf(map[string]any{"query": text + "\n#ATTEMPT", "variables": variables})
	return func(v *victim) reply {
		v.attempts++
		return body(strings.Replace(whole, "#ATTEMPT", "#"+strconv.Itoa(v.attempts), 1))(v)
	}
}

// body is an attack by the body of a POST.
func body(text string) func(*victim) reply {
	return func(v *victim) reply { return v.post(strings.ReplaceAll(text, "ACCOUNT", v.account)) }
}

func (v *victim) ask(text string) reply { return v.post(jsonOf(map[string]any{"query": text})) }

func (v *victim) post(text string, headers ...string) reply {
	return v.send(http.MethodPost, "/graphql", strings.NewReader(text), headers...)
}

// sending is an attack by any request. Headers are name, value, name, value.
func sending(method, path, text string, headers ...string) func(*victim) reply {
	return func(v *victim) reply { return v.send(method, path, strings.NewReader(text), headers...) }
}

// posting is an attack by a POST to /graphql.
func posting(text string, headers ...string) func(*victim) reply {
	return sending(http.MethodPost, "/graphql", text, headers...)
}

func (v *victim) send(method, path string, text io.Reader, headers ...string) reply {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.at+path, text)
	if err != nil {
		v.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return reply{body: err.Error()} // the server hung up
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		v.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(answer)}
}

// raw writes bytes to the gateway and reads its response.
func raw(text string) func(*victim) reply {
	return func(v *victim) reply {
		v.t.Helper()
		connection, err := net.Dial("tcp", strings.TrimPrefix(v.at, "http://"))
		if err != nil {
			v.t.Fatal(err)
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(within))
		_, _ = io.WriteString(connection, text) // the server may have hung up already
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			return reply{body: "hung up"}
		}
		defer response.Body.Close()
		answer, _ := io.ReadAll(response.Body)
		return reply{response.StatusCode, nil, string(answer)}
	}
}

// socket opens a websocket, sends messages, and returns the gateway's last message.
func socket(origin string, messages ...string) func(*victim) reply {
	return func(v *victim) reply {
		v.t.Helper()
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: within}
		address := strings.Replace(v.at, "http", "ws", 1) + "/graphql"
		connection, response, err := dialer.DialContext(v.t.Context(), address, header)
		if err != nil {
			if response == nil {
				v.t.Fatal(err)
			}
			answer, _ := io.ReadAll(response.Body)
			return reply{response.StatusCode, response.Header, string(answer)}
		}
		defer connection.Close()
		_ = connection.SetReadDeadline(time.Now().Add(within))
		var last []byte
		for _, message := range messages {
			if connection.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(message, "TOKEN", v.token))) != nil {
				return reply{body: "hung up"}
			}
			for {
				_, got, err := connection.ReadMessage()
				if err != nil {
					return reply{body: "hung up"}
				}
				if !strings.Contains(string(got), `"type":"ping"`) && !strings.Contains(string(got), `"type":"complete"`) {
					last = got
					break
				}
			}
		}
		return reply{body: string(last)}
	}
}

// until repeats an attack until the answer has a code.
func until(code string, send func(*victim) reply) func(*victim) reply {
	return func(v *victim) (got reply) {
		for range 2000 {
			if got = send(v); strings.Contains(got.body, code) {
				return got
			}
		}
		return got
	}
}

func base64Of(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
