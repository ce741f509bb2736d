package server

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"corebank/graph"
	"corebank/server/guard"
)

// schemaPath is where the schema is, as text: loaders take an address that ends
// like a file.
const schemaPath = "/schema.graphql"

// serveSchema serves the schema to everybody who may ask for it by introspection.
func serveSchema(config guard.Config) http.HandlerFunc {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(graph.SDL())))
	return func(w http.ResponseWriter, r *http.Request) {
		if config.Production && !config.Introspection {
			http.Error(w, "This gateway does not publish its schema; \"corebank schema\" prints it.", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8") // which browsers show
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Etag", tag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(graph.SDL()))
	}
}
