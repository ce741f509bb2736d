package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"corebank/internal/terminal"
)

// Bounds of one query.
const (
	queryTime      = 30 * time.Second
	maxAnswerBytes = 4 << 20
	// patience is how long a bank that cannot answer now is asked again, each time
	// after a pause.
	patience = 30 * time.Second
	pause    = time.Second
)

// Client uses the bank at a URL with a token.
type Client struct {
	URL, Token string
	// Progress is where to say that the bank is waited for; nil for nowhere.
	Progress io.Writer
}

// answerError is an error that the bank answered. One that may pass is retryable.
type answerError struct {
	message   string
	retryable bool
	after     time.Duration
}

func (e *answerError) Error() string { return "the bank answered: " + e.message }

// Query sends a document and decodes its data into reply. The first error of the
// answer is an error. It asks again for a while if the bank says that this helps.
func (c Client) Query(ctx context.Context, document string, variables map[string]any, reply any) error {
	line := terminal.NewLine(cmp.Or[io.Writer](c.Progress, io.Discard))
	defer line.Erase()
	for until := time.Now().Add(patience); ; {
		err := c.ask(ctx, document, variables, reply)
		var answer *answerError
		if !errors.As(err, &answer) || !answer.retryable {
			return err
		}
		wait := max(pause, answer.after)
		if time.Until(until) < wait {
			return fmt.Errorf("%w It was asked for %s", err, patience)
		}
		line.Show(fmt.Sprintf("%s Asking again for %s.", answer.message, time.Until(until).Round(time.Second)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (c Client) ask(ctx context.Context, document string, variables map[string]any, reply any) error {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	url := strings.TrimSuffix(c.URL, "/") + "/graphql"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("--url %q: %w", c.URL, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no bank answers at %s: %w; start it, or give its address with --url", c.URL, err)
	}
	defer response.Body.Close()
	answer := struct {
		Data   any
		Errors []struct {
			Message    string
			Extensions struct {
				Retryable  bool
				RetryAfter float64
			}
		}
	}{Data: reply}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&answer); err != nil {
		return fmt.Errorf("%s did not answer as a bank does (%s): %w", c.URL, response.Status, err)
	}
	if len(answer.Errors) > 0 {
		first := answer.Errors[0]
		return &answerError{message: first.Message, retryable: first.Extensions.Retryable,
			after: time.Duration(first.Extensions.RetryAfter * float64(time.Second))}
	}
	return nil
}
