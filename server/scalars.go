package server

import (
	_ "embed" // for the page
	"net/http"
	"strings"
	"time"
)

//go:embed scalars.html
var scalarsPage string

// scalarsPath is the path that the schema names as the specification of its own
// scalars.
const scalarsPath = "/docs/scalars"

// serveScalars serves the specification of the API's own scalars.
func serveScalars(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(scalarsPage))
}
