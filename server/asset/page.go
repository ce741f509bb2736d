package asset

import "net/http"

// Page serves a page and the files that it loads under a content security
// policy. Any other path is 404, whatever the method; any method but GET and HEAD is
// 405.
type Page struct {
	// Files are the page itself at "/" and what it loads, by URL path.
	Files  map[string]File
	Policy string
}

func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	file, ok := p.Files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this page accepts only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	file.Serve(w, r)
}
