package main_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"corebank/check/browsertest"
)

// answered is JavaScript that yields GraphiQL's response once it has data.
const answered = `(() => {
  const model = window.__MONACO?.editor.getModels().find(m => m.uri.path.endsWith('response.json'));
  const text = model?.getValue() ?? '';
  return text.includes('"data"') ? text : null;
})()`

// signInLink is what up prints for a browser.
var signInLink = regexp.MustCompile(`http://127\.0\.0\.1:\d+/console/#/sign-in/\w+`)

// browse signs in with the link that the bank printed, opens GraphiQL, runs its
// first example, goes on to the console, and checks that the pages asked no other
// host for anything.
func browse(t *testing.T, bank *running) {
	link := signInLink.FindString(bank.output.String())
	page := browsertest.Open(t, link)
	browsertest.Await[bool](page, `document.querySelector('main h1')?.textContent === 'Accounts'`)
	page.Do(chromedp.Navigate(bank.URL), chromedp.WaitVisible(chromedp.CSS(".graphiql-query-editor .view-line")),
		chromedp.Click(chromedp.CSS("button.graphiql-execute-button")))
	answer := browsertest.Await[string](page, answered)
	if !strings.Contains(answer, `"openAccount"`) || !strings.Contains(answer, `"acc_`) ||
		strings.Contains(answer, `"errors"`) {
		t.Errorf("GraphiQL shows %s", answer)
	}
	page.StaysHome()

	page.Do(chromedp.Click(chromedp.CSS(".corebank-logo a")), chromedp.WaitVisible(chromedp.CSS("a.account")))
	if owners := browsertest.Run[string](page, `document.querySelector('.accounts').innerText`); !strings.Contains(owners,
		"Ada Lovelace") {
		t.Errorf("the console lists %s", owners)
	}
	page.StaysHome()
}
