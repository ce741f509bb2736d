package overhttp

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"sync"

	"corebank/server/asset"
)

// minCompressed is the size from which an answer is compressed, in bytes: a
// smaller one fits into one packet anyway. A token is in a header and never
// added by a browser by itself, so what an answer's size tells is of no use to
// a page that makes a browser send requests.
const minCompressed = 1400

// packers compress quickly rather than well: answers are made once.
var packers = sync.Pool{New: func() any {
	packer, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is unknown: a programming error
	}
	return packer
}}

// compressed is an answer as the client accepts it, and sets the headers that say
// how.
func compressed(w http.ResponseWriter, r *http.Request, text []byte) []byte {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(text) < minCompressed || !asset.AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		return text
	}
	packed := bytes.NewBuffer(make([]byte, 0, len(text)/4))
	packer := packers.Get().(*gzip.Writer)
	defer packers.Put(packer)
	packer.Reset(packed)
	_, _ = packer.Write(text) // a buffer never fails
	_ = packer.Close()
	w.Header().Set("Content-Encoding", "gzip")
	return packed.Bytes()
}
