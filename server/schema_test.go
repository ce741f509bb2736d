package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph"
	"corebank/internal/contract"
	"corebank/server"
	"corebank/server/guard"
)

// TestTheSchemaIsAFile that programs can read: the same as introspection says,
// with the directives that clients may use declared and no others.
func TestTheSchemaIsAFile(t *testing.T) {
	gateway := httptest.NewServer(gatewayWith(guard.Config{}))
	defer gateway.Close()
	response, err := http.Get(gateway.URL + "/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || string(text) != graph.SDL() {
		t.Fatalf("%s, %v", response.Status, err)
	}
	if kind := response.Header.Get("Content-Type"); kind != "text/plain; charset=utf-8" {
		t.Errorf("its Content-Type is %s", kind)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	if schema.Types["AsOf"].Directives.ForName("oneOf") == nil || !strings.Contains(string(text), "directive @oneOf on") {
		t.Error("it does not declare @oneOf")
	}
	if strings.Contains(string(text), "@defer") {
		t.Error("it has @defer, which is refused")
	}
	again, err := http.NewRequest(http.MethodGet, gateway.URL+"/schema.graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Header.Set("If-None-Match", response.Header.Get("Etag"))
	if unchanged, err := http.DefaultClient.Do(again); err != nil || unchanged.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %v, %v", unchanged, err)
	}
}

// TestIntrospectionListsWhatIsServed: not @defer, which is refused.
func TestIntrospectionListsWhatIsServed(t *testing.T) {
	gateway := counter(t).URL
	asked := exchange{body: `{"query": "{ __schema { directives { name } } }"}`, status: http.StatusOK,
		contains: `"oneOf"`, omits: `"defer"`}
	asked.run(t, gateway)
	asked.contains = `"authorized"`
	asked.run(t, gateway)
}

// TestASchemaThatIsNotPublished is not served as a file either.
func TestASchemaThatIsNotPublished(t *testing.T) {
	for introspection, want := range map[bool]int{false: http.StatusForbidden, true: http.StatusOK} {
		config := guard.Config{Production: true, Introspection: introspection}
		answer := httptest.NewRecorder()
		gatewayWith(config).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/schema.graphql", nil))
		if answer.Code != want {
			t.Errorf("with introspection %t: %d, want %d", introspection, answer.Code, want)
		}
	}
}

// TestAWrongPathIsNotFound, whatever the method.
func TestAWrongPathIsNotFound(t *testing.T) {
	h := gatewayWith(guard.Config{})
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete,
		http.MethodOptions} {
		for _, path := range []string{"/grahpql", "/graphql/", "/graphql/x", "/api", "/console/nothing", "/healthz/x"} {
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader("{}")))
			if answer.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d, want 404", method, path, answer.Code)
			}
		}
	}
	for path, allow := range map[string]string{"/": "GET, HEAD", "/console/": "GET, HEAD", "/healthz": "GET, HEAD",
		"/schema.graphql": "GET, HEAD", "/docs/scalars": "GET, HEAD"} {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, nil))
		if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != allow {
			t.Errorf("POST %s: %d, Allow %q", path, answer.Code, answer.Header().Get("Allow"))
		}
	}
}

// gatewayWith is a gateway with limits of its own and nothing behind it.
func gatewayWith(config guard.Config) http.Handler {
	return server.Handler(server.Parts{Verify: trustAny, Guard: config}, func(context.Context) contract.Readiness {
		return contract.Readiness{Ready: true}
	})
}
