package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Bounds of a request to the bank.
const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 4 << 20
)

const graphQLPath = "/graphql"

// gateway is the API as clients use it, over connections that are kept.
type gateway struct {
	url   string
	token string // who it signs in as
	http  *http.Client
}

func (l *lab) newGateway(b *wholeBank, clients int) gateway {
	transport := &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}
	l.closers = append(l.closers, func() error { transport.CloseIdleConnections(); return nil })
	return gateway{b.url + graphQLPath, b.token, &http.Client{Timeout: requestTimeout, Transport: transport}}
}

// at is the same client of another path.
func (g gateway) at(path string) gateway {
	g.url = strings.TrimSuffix(g.url, graphQLPath) + path
	return g
}

// send posts a request and returns its answer as it is.
func (g gateway) send(ctx context.Context, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+g.token)
	answer, err := g.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the gateway answers %s: %.200s", answer.Status, bytes.TrimSpace(text))
	}
	return text, err
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
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("the gateway answers %.200q: %w", text, err)
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return json.Unmarshal(answer.Data, data)
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
