package client

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

// Bounds of one query.
const (
	queryTime      = 30 * time.Second
	maxAnswerBytes = 4 << 20
)

// Client uses the bank at a URL with a token.
type Client struct{ URL, Token string }

// Query sends a document and decodes its data into reply. The first error of the
// answer is an error.
func (c Client) Query(ctx context.Context, document string, variables map[string]any, reply any) error {
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
		Errors []struct{ Message string }
	}{Data: reply}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&answer); err != nil {
		return fmt.Errorf("%s did not answer as a bank does (%s): %w", c.URL, response.Status, err)
	}
	if len(answer.Errors) > 0 {
		return errors.New("the bank answered: " + answer.Errors[0].Message)
	}
	return nil
}
