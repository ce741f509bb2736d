package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// lifetime bounds the life of a page.
const lifetime = 3 * time.Minute

// Page is a tab in its own browser.
type Page struct {
	t    testing.TB
	ctx  context.Context
	host string

	mu       sync.Mutex
	requests int
	foreign  []string // requests to other hosts
	messages []string // in the browser's console
}

// Open opens a page in a new browser, which ends with the test.
func Open(t testing.TB, address string) *Page {
	t.Helper()
	own, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, host: own.Host}
	ctx, cancel := context.WithTimeout(t.Context(), lifetime)
	t.Cleanup(cancel)
	p.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(p.watch),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true)))
	t.Cleanup(cancel)
	p.Do(chromedp.Navigate(address))
	return p
}

// chromium finds a browser. Without one, the test is skipped, except in CI.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const how = "no Chromium found; install it to run this test, for example: apt-get install chromium"
	if os.Getenv("CI") == "true" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

func (p *Page) watch(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.addRequest(e.Request.URL)
	case *network.EventWebSocketCreated:
		p.addRequest(e.URL)
	case *runtime.EventExceptionThrown:
		p.messages = append(p.messages, e.ExceptionDetails.Text+" "+description(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		p.messages = append(p.messages, fmt.Sprint("console.", e.Type))
	case *log.EventEntryAdded:
		p.messages = append(p.messages, e.Entry.Text+" "+e.Entry.URL)
	}
}

// description describes a thrown value.
func description(thrown *runtime.RemoteObject) string {
	if thrown == nil {
		return ""
	}
	return thrown.Description
}

// addRequest records a request. The caller holds p.mu.
func (p *Page) addRequest(address string) {
	if strings.HasPrefix(address, "data:") || strings.HasPrefix(address, "blob:") {
		return
	}
	p.requests++
	if to, err := url.Parse(address); err != nil || to.Host != p.host {
		p.foreign = append(p.foreign, address)
	}
}

// Do runs actions. The test fails if one of them fails.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// Run returns the value of a JavaScript expression. It awaits a promise.
func Run[T any](p *Page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Await waits until a JavaScript expression is true and returns its value. If it
// stays false, the test fails and shows the text of the page.
func Await[T any](p *Page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Poll[T](expression))
	if err != nil {
		text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		p.t.Fatalf("%s: %v; the page shows\n%s", expression, err, text)
	}
	return value
}

// StaysHome checks that the page made requests, and none to another host.
func (p *Page) StaysHome() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.requests < 5 || len(p.foreign) > 0 {
		p.t.Errorf("%d requests, to other hosts: %v", p.requests, p.foreign)
	}
}

// Quiet checks that the browser's console is empty: no error, no violation of the
// policy.
func (p *Page) Quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.messages) > 0 {
		p.t.Errorf("the browser's console has %q", slices.Compact(p.messages))
	}
}
