package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	fastjson "github.com/go-json-experiment/json"
	"github.com/valyala/fasthttp"
)

// Bounds of a request to the bank.
const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 4 << 20
)

const graphQLPath = "/graphql"

// gateway is the API as clients use it, over connections that are kept. A load
// shares the machine with what it measures, so that it speaks HTTP with a
// client that has no goroutines of its own: a request costs half of what it
// costs with net/http.
type gateway struct {
	url   string
	token string // who it signs in as
	http  *fasthttp.Client
}

func (l *lab) newGateway(b *wholeBank, clients int) gateway {
	client := &fasthttp.Client{MaxConnsPerHost: clients, MaxConnWaitTimeout: requestTimeout, MaxResponseBodySize: maxAnswer}
	l.closers = append(l.closers, func() error { client.CloseIdleConnections(); return nil })
	return gateway{b.url + graphQLPath, b.token, client}
}

// at is the same client of another path.
func (g gateway) at(path string) gateway {
	g.url = strings.TrimSuffix(g.url, graphQLPath) + path
	return g
}

// send posts a request and returns its answer as it is.
func (g gateway) send(ctx context.Context, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(answer)
	request.Header.SetMethod(http.MethodPost)
	request.SetRequestURI(g.url)
	request.Header.SetContentType("application/json")
	request.Header.Set("Authorization", "Bearer "+g.token)
	request.SetBodyRaw(body)
	if err := g.http.DoTimeout(request, answer, requestTimeout); err != nil {
		return nil, err
	}
	text := bytes.Clone(answer.Body())
	if status := answer.StatusCode(); status != http.StatusOK {
		return nil, fmt.Errorf("the gateway answers %d %s: %.200s", status, http.StatusText(status), bytes.TrimSpace(text))
	}
	return text, nil
}

// ask sends a query and decodes its data.
func (g gateway) ask(ctx context.Context, query string, data any) error {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err
	}
	return g.read(ctx, body, data)
}

// read sends a request and decodes its data.
func (g gateway) read(ctx context.Context, body []byte, data any) error {
	text, err := g.send(ctx, body)
	if err != nil {
		return err
	}
	return readData(text, data)
}

func readData(text []byte, data any) error {
	answer := struct {
		Data   any
		Errors []struct{ Message string }
	}{Data: data}
	if err := decode(text, &answer); err != nil {
		return fmt.Errorf("the gateway answers %.200q: %w", text, err)
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return nil
}

// decode reads an answer at less than half of what encoding/json takes from the
// machine that is measured.
func decode(text []byte, into any) error {
	return fastjson.Unmarshal(text, into, fastjson.MatchCaseInsensitiveNames(true))
}

// How often the bank is asked how far it is, and how long it may take.
const (
	settlePause = 50 * time.Millisecond
	settleMost  = 30 * time.Minute
)

// settled waits until the views show everything that the log has.
func (g gateway) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleMost)
	defer cancel()
	for {
		var got struct {
			SystemStatus struct{ Head, Published, Lag int64 }
		}
		err := g.ask(ctx, "{ systemStatus { head published lag } }", &got)
		if s := got.SystemStatus; err == nil && s.Lag == 0 && s.Published == s.Head {
			return nil
		}
		if !wait(ctx, settlePause) {
			return fmt.Errorf("the views have not caught up: %w", errors.Join(ctx.Err(), err))
		}
	}
}
