package graphiql_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"corebank/check/banktest"
	"corebank/check/browsertest"
	"corebank/internal/bank"
	"corebank/server/graphiql"
)

// answer is JavaScript that yields GraphiQL's answer once it holds a text.
func answer(text string) string {
	return fmt.Sprintf(`(() => {
	  const model = window.__MONACO?.editor.getModels().find((one) => one.uri.path.endsWith('response.json'));
	  const answer = model?.getValue() ?? '';
	  return answer.includes(%q) ? answer : null;
	})()`, text)
}

// headersSeen are the Authorization headers of requests to GraphQL.
type headersSeen struct {
	mu     sync.Mutex
	tokens []string
}

func (s *headersSeen) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	}
}

// watched is a bank behind a proxy that notes the requests to GraphQL.
func watched(t *testing.T, bank *banktest.Bank) (address string, seen *headersSeen) {
	t.Helper()
	seen = &headersSeen{}
	target, err := url.Parse(bank.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/graphql" {
			seen.note(r)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

// TestAStoryInGraphiQL runs a mutation and a subscription with the session of the
// browser, under the page's policy, with all plugins there.
func TestAStoryInGraphiQL(t *testing.T) {
	account := bank.NewAccountID("teller", "graphiql-demo-account") // of the first example
	bank := banktest.Start(t)
	address, seen := watched(t, bank)
	page := browsertest.Open(t, strings.Replace(bank.SignIn(), bank.URL, address, 1))
	browsertest.Await[bool](page, `document.querySelector('main h1')?.textContent === 'Accounts'`)
	page.Do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(".graphiql-query-editor .view-line")))
	for _, plugin := range []string{"Documentation Explorer", "History", "GraphiQL Explorer"} {
		if there := browsertest.Run[bool](page,
			fmt.Sprintf(`Boolean(document.querySelector('.graphiql-sidebar button[aria-label*=%q]'))`, plugin)); !there {
			t.Errorf("there is no plugin %s among %s", plugin, browsertest.Run[string](page,
				`[...document.querySelectorAll('.graphiql-sidebar button')].map((one) => one.ariaLabel).join(', ')`))
		}
	}
	page.Do(chromedp.Click(chromedp.CSS("button.graphiql-execute-button")))
	browsertest.Await[string](page, answer(`"openAccount"`))

	browsertest.Run[bool](page, `(() => {
	  const send = WebSocket.prototype.send;
	  WebSocket.prototype.send = function (text) {
	    window.sent = (window.sent ?? '') + text;
	    return send.call(this, text);
	  };
	  [...document.querySelectorAll('.graphiql-tab-button')].find((one) => one.textContent === 'Transactions').click();
	  return true;
	})()`)
	browsertest.Await[bool](page,
		`[...window.__MONACO.editor.getModels()].some((one) => one.getValue().includes('subscription Transactions'))`)
	page.Do(chromedp.Click(chromedp.CSS("button.graphiql-execute-button")))
	browsertest.Await[bool](page, `(window.sent ?? '').includes('"subscribe"')`)
	if sent := browsertest.Run[string](page, "window.sent"); !strings.Contains(sent, `"authorization":"Bearer ey`) {
		t.Errorf("the websocket began with %s", sent)
	}
	awaitDelivery(t, bank, page, string(account))
	burst(t, bank, page, string(account))

	if kept := browsertest.Run[string](page,
		`JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage })`); strings.Contains(kept, "Bearer ey") {
		t.Errorf("the token is kept: %s", kept)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, sent := range seen.tokens {
		if !strings.HasPrefix(sent, "Bearer ey") {
			t.Errorf("a request came with the authorization %q", sent)
		}
	}
	if len(seen.tokens) < 2 {
		t.Errorf("%d requests came", len(seen.tokens))
	}
	page.StaysHome()
	page.Quiet()
}

// awaitDelivery pays in until the page shows it: the subscription takes a moment
// to begin, and nothing shows when it has.
func awaitDelivery(t *testing.T, bank *banktest.Bank, page *browsertest.Page, account string) {
	t.Helper()
	for i := range 100 {
		bank.Deposit(account, "1.00", "EUR", fmt.Sprint("paid ", i))
		bank.Settle()
		if browsertest.Run[bool](page, fmt.Sprintf(`new Promise((done) => {
		  const look = (tries) => {
		    const there = Boolean(%s);
		    if (there || tries === 0) done(there);
		    else setTimeout(look, 20, tries - 1);
		  };
		  look(10);
		})`, strings.TrimSuffix(answer(`"balanceAfter"`), ";"))) {
			return
		}
	}
	t.Error("the subscription shows nothing")
}

// burst pays in 20 times a second: the page stays usable, and shows the last one.
func burst(t *testing.T, bank *banktest.Bank, page *browsertest.Page, account string) {
	t.Helper()
	version := 0
	busy := page.Busy(func() {
		next := time.NewTicker(50 * time.Millisecond)
		defer next.Stop()
		for i := range 100 {
			<-next.C
			version = bank.Deposit(account, "1.00", "EUR", fmt.Sprint("burst ", i)).Transaction.Version
		}
	})
	if busy > 0.2 {
		t.Errorf("the main thread is busy for %.0f %% of the time, want at most 20 %%", 100*busy)
	}
	browsertest.Await[string](page, answer(fmt.Sprintf(`"version": %d`, version)))
}

// hiddenTabs names the tabs that are not wholly in view, and marks the active one.
const hiddenTabs = `(() => {
  const bar = document.querySelector('.graphiql-tabs').getBoundingClientRect();
  return [...document.querySelectorAll('.graphiql-tab')].filter((tab) => {
    const at = tab.getBoundingClientRect();
    return at.left < bar.left - 1 || at.right > bar.right + 1 || at.top < bar.top - 1 || at.bottom > bar.bottom + 1
      || at.right > innerWidth || at.bottom > innerHeight;
  }).map((tab) => (tab.matches('.graphiql-tab-active') ? 'the active ' : '') + tab.textContent);
})()`

// TestEveryTabIsInView on an ordinary screen, and on a narrow one the tab that was
// just added.
func TestEveryTabIsInView(t *testing.T) {
	server := httptest.NewServer(graphiql.Handler(graphiql.Options{}))
	t.Cleanup(server.Close)
	page := browsertest.Open(t, server.URL)
	page.Do(chromedp.EmulateViewport(1440, 900), chromedp.WaitVisible(chromedp.CSS(".graphiql-tab-active")))
	tabs := len(graphiql.Tabs())
	browsertest.Await[bool](page, fmt.Sprintf("document.querySelectorAll('.graphiql-tab').length === %d", tabs))
	if hidden := browsertest.Run[[]string](page, hiddenTabs); len(hidden) > 0 {
		t.Errorf("%q are not in view", hidden)
	}
	for _, width := range []int64{1440, 390} {
		page.Do(chromedp.EmulateViewport(width, 900), chromedp.Click(chromedp.CSS("button.graphiql-tab-add")))
		tabs++
		browsertest.Await[bool](page, fmt.Sprintf(`document.querySelectorAll('.graphiql-tab').length === %d &&
		  document.querySelector('.graphiql-tab:last-child').classList.contains('graphiql-tab-active')`, tabs))
		for _, hidden := range browsertest.Run[[]string](page, hiddenTabs) {
			if width == 1440 || strings.HasPrefix(hidden, "the active") {
				t.Errorf("%s is not in view on %d pixels after a tab was added", hidden, width)
			}
		}
	}
}

// TestThePageOpensWhenTheBankIsBack without a reload.
func TestThePageOpensWhenTheBankIsBack(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	page := graphiql.Handler(graphiql.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() && strings.HasSuffix(r.URL.Path, ".json") {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		page.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tab := browsertest.Open(t, server.URL)
	tab.Do(chromedp.WaitVisible(chromedp.CSS(".page-failed")))
	away.Store(false)
	tab.Do(chromedp.WaitVisible(chromedp.CSS(".graphiql-tab-active")))
}
