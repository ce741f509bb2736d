package graphqlclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 16 << 20

// Client uses the gateway at URL, which has no path, with a bearer token; "" for
// none.
type Client struct {
	URL, Token string
	HTTP       *http.Client
}

// Answer is a GraphQL answer.
type Answer struct {
	Data   json.RawMessage
	Errors []Error
}

// Error is one error of an answer.
type Error struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

// Code is the code of an error; "" for none.
func (e Error) Code() string {
	code, _ := e.Extensions["code"].(string)
	return code
}

// Post sends a request. An error means that there was no answer.
func (c Client) Post(ctx context.Context, query string, variables map[string]any) (answer Answer, err error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // as clients in other languages
	if err := encoder.Encode(map[string]any{"query": query, "variables": variables}); err != nil {
		return answer, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/graphql", &body)
	if err != nil {
		return answer, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer, fmt.Errorf("%s: %.200s", response.Status, text)
	}
	return answer, nil
}

func (e Error) Error() string { return e.Code() + ": " + e.Message }
