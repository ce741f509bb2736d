package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed assets
var assets embed.FS

// What a browser may keep. The names of assets carry a hash of their content,
// so an asset never changes under its name.
const (
	immutable  = "public, max-age=31536000, immutable"
	revalidate = "no-cache"
)

// contentTypes lists every kind of file there is, so that the answer does not
// depend on the MIME tables of the machine.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
	".ttf":  "font/ttf",
	".txt":  "text/plain; charset=utf-8",
}

// A file is one answer, kept compressed.
type file struct {
	packed       []byte // gzip
	contentType  string
	cacheControl string
	etag         string // weak: it stands for the plain and the compressed form
}

// assetNames lists the embedded files by their names before compression.
func assetNames() []string {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic("graphiql: " + err.Error()) // the folder is embedded
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".gz")
	}
	return names
}

// embeddedFile reads an asset, compressed or, like the licences, not.
func embeddedFile(name, cacheControl string) file {
	if packed, err := assets.ReadFile("assets/" + name + ".gz"); err == nil {
		return newFile(packed, name, cacheControl)
	}
	plain, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("graphiql: " + err.Error()) // the name comes from assetNames
	}
	return newFile(compress(plain), name, cacheControl)
}

func dynamicFile(v any) file {
	return newFile(compress(mustJSON(v)), ".json", revalidate)
}

func newFile(packed []byte, name, cacheControl string) file {
	sum := sha256.Sum256(packed)
	return file{
		packed:       packed,
		contentType:  contentTypes[path.Ext(name)],
		cacheControl: cacheControl,
		etag:         `W/"` + hex.EncodeToString(sum[:12]) + `"`,
	}
}

func compress(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(plain) // a bytes.Buffer never fails
	_ = w.Close()
	return b.Bytes()
}

// serve answers GET and HEAD, as gzip to a client that takes it.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Etag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	if matches(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(f.packed)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(f.packed) // a client that has gone away is no fault
		}
		return
	}
	if r.Method != http.MethodHead {
		f.writePlain(w)
	}
}

// writePlain unpacks as it goes, so that a client without gzip costs no memory.
func (f file) writePlain(w io.Writer) {
	unpacked, err := gzip.NewReader(bytes.NewReader(f.packed))
	if err != nil {
		panic(http.ErrAbortHandler) // a broken asset: a test reads them all
	}
	_, _ = io.Copy(w, unpacked)
}

// matches compares an If-None-Match header with a tag, weakly.
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// acceptsGzip reads an Accept-Encoding header. An explicit gzip outranks "*".
func acceptsGzip(header string) bool {
	accepted := false
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			return !refused(params)
		case "*":
			accepted = !refused(params)
		}
	}
	return accepted
}

// refused reports whether the parameters of a coding give it the quality zero.
func refused(params string) bool {
	value, found := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
	if !found {
		return false
	}
	q, err := strconv.ParseFloat(value, 64)
	return err != nil || q <= 0
}
