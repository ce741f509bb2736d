package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// How long a browser may cache a file.
const (
	// Immutable is for a file that never changes under its name, because the name
	// contains a hash of the content.
	Immutable = "public, max-age=31536000, immutable"
	// Revalidate makes the browser check each time whether its copy is current.
	Revalidate = "no-cache"
)

// contentTypes lists all extensions in use, so that the answer does not depend on
// the MIME tables of the machine.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
	".ttf":  "font/ttf",
	".txt":  "text/plain; charset=utf-8",
}

// File is one file, stored compressed.
type File struct {
	packed       []byte // gzip
	contentType  string
	cacheControl string
	etag         string // weak: the same for the plain and the compressed form
}

// New makes a file of its plain bytes. The extension of the name gives its
// content type.
func New(plain []byte, name, cacheControl string) File {
	return Packed(compress(plain), name, cacheControl)
}

// Packed makes a file of bytes that are already compressed.
func Packed(packed []byte, name, cacheControl string) File {
	sum := sha256.Sum256(packed)
	return File{
		packed:       packed,
		contentType:  contentTypes[path.Ext(name)],
		cacheControl: cacheControl,
		etag:         `W/"` + hex.EncodeToString(sum[:12]) + `"`,
	}
}

// ContentType is the media type of a name's extension; "" for an extension that
// no page uses.
func ContentType(name string) string { return contentTypes[path.Ext(name)] }

func compress(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(plain) // a bytes.Buffer never fails
	_ = w.Close()
	return b.Bytes()
}

// Serve answers GET and HEAD, with gzip for clients that accept it.
func (f File) Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Etag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	if matches(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	if AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(f.packed)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(f.packed) // a client that left is not a fault
		}
		return
	}
	if r.Method != http.MethodHead {
		f.writePlain(w)
	}
}

// writePlain unpacks while it writes, so that a client without gzip takes no
// memory.
func (f File) writePlain(w io.Writer) {
	unpacked, err := gzip.NewReader(bytes.NewReader(f.packed))
	if err != nil {
		panic(http.ErrAbortHandler) // a corrupt asset; a test reads all of them
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

// AcceptsGzip reads an Accept-Encoding header. An explicit gzip outranks "*".
func AcceptsGzip(header string) bool {
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
