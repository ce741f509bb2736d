package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph/input"
	"corebank/server/request"
)

// Documents are the query documents that an operator trusts, by their SHA-256.
// nil has none.
type Documents struct{ texts map[string]string }

// maxManifest bounds a manifest in bytes.
const maxManifest = 16 << 20

// ReadDocuments reads a manifest: a JSON object from hash to document, as the
// clients' build tools write it. Every document must match its hash, be valid in
// the schema and respect the limits, so that none fails later.
func ReadDocuments(path string, schema *ast.Schema, limits Limits) (*Documents, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxManifest {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), maxManifest)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var listed map[string]string
	if err := json.Unmarshal(data, &listed); err != nil {
		return nil, fmt.Errorf(`%s: want one JSON object {"sha256 of the document": "document", ...}: %w`, path, err)
	}
	if len(listed) == 0 {
		return nil, fmt.Errorf("%s lists no document", path)
	}
	documents := &Documents{texts: make(map[string]string, len(listed))}
	for hash, text := range listed {
		if err := documents.add(hash, text, schema, limits.orDefault()); err != nil {
			return nil, fmt.Errorf("%s: the document %.80q: %w", path, hash, err)
		}
	}
	return documents, nil
}

func (d *Documents) add(hash, text string, schema *ast.Schema, limits Limits) error {
	hash = trimAlgorithm(hash)
	if actual := sha256Of(text); actual != hash {
		return fmt.Errorf("its SHA-256 is %s; generate the manifest again, with sha256 as its algorithm", actual)
	}
	plain, refused := input.PlainEscapes(text)
	if refused == nil {
		refused = limits.checkDocument(plain, true)
	}
	if refused != nil {
		return errors.New(refused.Message)
	}
	if _, broken := gqlparser.LoadQueryWithRules(schema, plain, nil); len(broken) > 0 {
		return errors.New(broken[0].Message)
	}
	d.texts[hash] = text
	return nil
}

// Len is the number of documents.
func (d *Documents) Len() int {
	if d == nil {
		return 0
	}
	return len(d.texts)
}

func (d *Documents) has(hash string) bool {
	if d == nil {
		return false
	}
	_, found := d.texts[hash]
	return found
}

// fill sets the text of a trusted document that is requested by its hash.
func (d *Documents) fill(request *graphql.RawParams, only bool) *gqlerror.Error {
	hash, named := hashOf(request)
	switch {
	case named && d.has(hash) && (request.Query == "" || request.Query == d.texts[hash]):
		request.Query = d.texts[hash]
		return nil
	case !only:
		return nil
	case request.Query != "":
		return refuse(CodeNotTrusted, "This gateway accepts only registered documents: send the hash of one, "+
			"as documentId or extensions.persistedQuery.sha256Hash, and no query.")
	default:
		return refuse(CodeNotTrusted,
			"No registered document has this hash; ask the operator to add it to the gateway's manifest.")
	}
}

// hashOf is the hash in a request: its documentId, or extensions.persistedQuery.
func hashOf(params *graphql.RawParams) (hash string, ok bool) {
	if id, ok := params.Extensions[request.DocumentID].(string); ok {
		return trimAlgorithm(id), true
	}
	query, ok := params.Extensions["persistedQuery"]
	fields, _ := query.(map[string]any)
	hash, _ = fields["sha256Hash"].(string)
	return trimAlgorithm(hash), ok && query != nil
}

// trimAlgorithm removes the name of the algorithm from a hash.
func trimAlgorithm(hash string) string { return strings.TrimPrefix(hash, "sha256:") }

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
