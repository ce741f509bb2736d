package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
)

// TestOwnScalarsAreSpecified follows each link of the schema to its heading on the
// page that the gateway serves.
func TestOwnScalarsAreSpecified(t *testing.T) {
	gateway := counter(t)
	own := 0
	for name, d := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		specified := d.Directives.ForName("specifiedBy")
		if d.Kind != ast.Scalar || specified == nil {
			continue
		}
		path, fragment, _ := strings.Cut(specified.Arguments.ForName("url").Value.Raw, "#")
		if !strings.HasPrefix(path, "/") {
			continue
		}
		own++
		response, err := http.Get(gateway.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close()
		heading := `<h2 id="` + fragment + `">` + name + `</h2>`
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(page), heading) {
			t.Errorf("%s is specified at %s#%s: %s, %v", name, path, fragment, response.Status, err)
		}
	}
	if own < 2 {
		t.Errorf("%d scalars are specified by ourselves", own)
	}
}
