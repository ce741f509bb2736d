package main_test

import (
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium finds a browser. Without one the test is skipped, except in CI.
func chromium(t *testing.T) string {
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

// answered is JavaScript that yields GraphiQL's response once it has data.
const answered = `(() => {
  const model = window.__MONACO?.editor.getModels().find(m => m.uri.path.endsWith('response.json'));
  const text = model?.getValue() ?? '';
  return text.includes('"data"') ? text : null;
})()`

// browse opens GraphiQL, runs its first example, and checks that the page
// asked no other host for anything.
func browse(t *testing.T, home string) {
	own, err := url.Parse(home)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var requests int
	var foreign []string
	watch := func(event any) {
		sent, ok := event.(*network.EventRequestWillBeSent)
		if !ok || strings.HasPrefix(sent.Request.URL, "data:") || strings.HasPrefix(sent.Request.URL, "blob:") {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		requests++
		if asked, err := url.Parse(sent.Request.URL); err != nil || asked.Host != own.Host {
			foreign = append(foreign, sent.Request.URL)
		}
	}
	ctx, cancel := chromedp.NewContext(within(t, 2*time.Minute), chromedp.WithListener(watch),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true)))
	defer cancel()

	err = chromedp.Do(ctx, chromedp.Navigate(home),
		chromedp.WaitVisible(chromedp.CSS(".graphiql-query-editor .view-line")),
		chromedp.Click(chromedp.CSS("button.graphiql-execute-button")))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := chromedp.Run(ctx, chromedp.Poll[string](answered))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, `"openAccount"`) || !strings.Contains(answer, `"acc_`) || strings.Contains(answer, `"errors"`) {
		t.Errorf("GraphiQL shows %s", answer)
	}
	mu.Lock()
	defer mu.Unlock()
	if requests < 5 || len(foreign) > 0 {
		t.Errorf("%d requests, of other hosts: %v", requests, foreign)
	}
}
