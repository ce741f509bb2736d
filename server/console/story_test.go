package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"corebank/check/banktest"
	"corebank/check/browsertest"
	"corebank/server/console"
)

// teller uses the console as a person would.
type teller struct {
	*browsertest.Page
}

// fill types into a field of a form.
func (p teller) fill(form, field, text string) {
	if !strings.Contains(field, "=") {
		field = "[name=" + field + "]"
	}
	at := chromedp.CSS(fmt.Sprintf("[data-form=%s] %s", form, field))
	p.Do(chromedp.WaitVisible(at))
	browsertest.Run[bool](p.Page,
		fmt.Sprintf("(document.querySelector('[data-form=%s] %s').value = '', true)", form, field))
	p.Do(chromedp.SendKeys(at, text))
}

// press presses the button with this label.
func (p teller) press(label string) {
	find := fmt.Sprintf(`[...document.querySelectorAll('button, a.button')]
		.find((one) => one.textContent === %q && !one.disabled)`, label)
	browsertest.Await[bool](p.Page, "Boolean("+find+")")
	browsertest.Run[bool](p.Page, "("+find+".click(), true)")
}

// submit submits a form a number of times at once.
func (p teller) submit(form string, times int) {
	browsertest.Run[bool](p.Page, fmt.Sprintf(`((form) => {
	  for (let i = 0; i < %d; i++) form.requestSubmit();
	  return true;
	})(document.querySelector('[data-form=%s]'))`, times, form))
}

// sees waits until a part of the page contains a text.
func (p teller) sees(selector, text string) {
	browsertest.Await[bool](p.Page, fmt.Sprintf(
		`(document.querySelector(%q)?.textContent ?? '').replaceAll('\u202f', ' ').includes(%q)`, selector, text))
}

func (p teller) versions() []int {
	return browsertest.Run[[]int](p.Page,
		`[...document.querySelectorAll('tr[data-version]')].map((row) => Number(row.dataset.version))`)
}

// opened opens an account for Ada with the console and goes there.
func opened(t *testing.T, bank *banktest.Bank) (p teller, account string) {
	p = teller{browsertest.Open(t, bank.SignIn())}
	p.press("Open an account")
	p.fill("openAccount", "owner", "Ada Lovelace")
	p.fill("openAccount", "currency", "EUR")
	p.press("Open the account")
	p.press("Go to the account")
	p.sees("[data-balance=current]", "0.00 EUR")
	p.sees("#live", "Live")
	return p, strings.TrimPrefix(browsertest.Run[string](p.Page, "location.hash"), "#/account/")
}

// TestADayAtTheConsole: Ada's account is opened and gets deposits, here and from
// other clients; a withdrawal is refused, and a transfer goes to Bob.
func TestADayAtTheConsole(t *testing.T) {
	bank := banktest.Start(t)
	bob := bank.Open("bob")
	p, ada := opened(t, bank)

	p.press("Deposit")
	p.fill("deposit", "amount", "100")
	p.submit("deposit", 2) // a double click
	p.sees(".good.panel", "The deposit was made")
	p.sees("[data-balance=current]", "100.00 EUR")
	for i := range 2 { // the first closes the gap, the second comes by the subscription alone
		bank.Deposit(ada, "500.25", "EUR", fmt.Sprint("wages ", i))
		p.sees(fmt.Sprintf("tr[data-version='%d']", i+3), "+500.25")
	}
	p.sees("[data-balance=current]", "1 100.50 EUR")

	p.press("Withdraw")
	p.fill("withdraw", "amount", "2000")
	p.press("Preview")
	p.sees("[data-form=withdraw] .panel h3", "This would be refused")
	p.submit("withdraw", 1)
	p.sees("[data-form=withdraw] .panel h3", "Refused. Nothing was changed.")
	p.sees("[data-code=INSUFFICIENT_FUNDS] [data-fact=shortfall]", "899.50 EUR")
	p.sees("[data-code=INSUFFICIENT_FUNDS] [data-fact=available]", "1 100.50 EUR")
	p.Do(chromedp.WaitVisible(chromedp.CSS("[data-form=withdraw] [name=amount][aria-invalid]")))

	p.press("Transfer")
	p.fill("transfer", "toAccountId", bob)
	p.fill("transfer", "amount", "100.50")
	p.submit("transfer", 1)
	p.sees("[data-form=transfer] .good.panel", "Completed")
	p.sees("[data-balance=current]", "1 000.00 EUR")
	if value, _ := bank.Balance(bob, 2); value != "100.50" {
		t.Errorf("Bob has %s", value)
	}
	bank.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "DEBITS", "reason": "a court order",
		"idempotencyKey": "freeze"})
	p.sees(".hero .notice", "a court order")
	p.sees(".status-now", "Frozen")
	p.Do(chromedp.Navigate(bank.URL + "/console#/health"))
	p.sees(".verdict.good", "Debits equal credits in every currency.")
	for at, want := range map[string]string{
		"[data-ledger=CASH] td:nth-child(2)":     "1 100.50", // cash is an asset: a debit balance
		"[data-ledger=CASH] td:nth-child(3)":     "–",
		"[data-ledger=CUSTOMER] td:nth-child(2)": "–",
		"[data-ledger=CUSTOMER] td:nth-child(3)": "1 100.50", // owed to customers: a credit balance
		".agree [data-total=debit]":              "1 100.50",
		".agree [data-total=credit]":             "1 100.50",
	} {
		p.sees("[data-currency=EUR] "+at, want)
	}
	p.sees("[data-tile='Views']", "Up to date")
	p.StaysHome()
	p.Quiet()
}

// TestABrokenConnectionLosesNothing: what happened meanwhile is shown once.
func TestABrokenConnectionLosesNothing(t *testing.T) {
	bank := banktest.Start(t)
	p := teller{browsertest.Open(t, bank.SignIn())}
	browsertest.Run[bool](p.Page, `(() => {
	  const Real = WebSocket;
	  window.cut = false;
	  window.WebSocket = class extends Real {
	    constructor(url, protocol) { super(window.cut ? url + '/nowhere' : url, protocol); window.latest = this; }
	  };
	  return true;
	})()`)
	ada := bank.Open("ada")
	for i := range 60 {
		bank.Deposit(ada, "1.00", "EUR", fmt.Sprint("before ", i))
	}
	bank.Settle()
	browsertest.Run[bool](p.Page, fmt.Sprintf("(location.hash = '#/account/%s', true)", ada))
	p.sees("#live", "Live")
	bank.Deposit(ada, "1.00", "EUR", "live")
	p.sees("tr[data-version='62']", "+1.00")

	browsertest.Run[bool](p.Page, "(window.cut = true, window.latest.close(), true)")
	p.sees("#live", "Connection lost")
	for i := range 150 {
		bank.Deposit(ada, "1.00", "EUR", fmt.Sprint("meanwhile ", i))
	}
	browsertest.Run[bool](p.Page, "(window.cut = false, true)")
	p.sees("#live", "Live")
	p.sees("tr[data-version='212']", "+1.00")
	p.press("Older transactions")
	browsertest.Await[bool](p.Page, "Boolean(document.querySelector('tr[data-version=\"2\"]'))")

	var want []int
	for _, line := range bank.History(ada, 100) {
		want = append(want, line.Version)
	}
	if got := p.versions(); !slices.Equal(got, want) || len(got) != 211 {
		t.Errorf("%d versions are shown\n%v, %d happened\n%v", len(got), got, len(want), want)
	}
	p.sees("[data-balance=current]", "211.00 EUR")
}

// TestALostAnswerIsNotAFailure: a lost answer never makes a second payment, not
// even after a reload of the page.
func TestALostAnswerIsNotAFailure(t *testing.T) {
	bank := banktest.Start(t)
	p, ada := opened(t, bank)
	p.press("Deposit")
	p.fill("deposit", "amount", "70")
	p.losesAnswers()
	p.submit("deposit", 1)
	p.sees(".doubt.panel", "The outcome is unknown")
	p.press("Check the outcome")
	p.sees(".doubt.panel p[role=status]", "It was applied")
	p.press("Send again with the same key")
	p.sees(".doubt.panel", "The outcome is unknown")

	// That a later attempt was refused does not reveal the outcome of the first.
	browsertest.Run[bool](p.Page, `(() => {
	  const lossy = window.fetch;
	  window.fetch = (...request) => {
	    if (!request[1].body.includes('mutation')) return lossy(...request);
	    return new Response('{"data":null,"errors":[{"message":"Not now.","extensions":{"code":"UNAVAILABLE"}}]}');
	  };
	  return true;
	})()`)
	p.press("Send again with the same key")
	p.sees(".doubt.panel", "Not now.")

	p.Do(chromedp.Reload())
	p.sees(".doubt.panel", "reloaded before the answer arrived")
	p.press("Send again with the same key")
	p.sees(".good.panel", "had already been applied under the same key")
	p.sees("[data-balance=current]", "70.00 EUR")
	if value, version := bank.Balance(ada, 2); value != "70.00" || version != 2 {
		t.Errorf("the balance is %s at version %d", value, version)
	}
}

// losesAnswers lets every mutation be sent and drops its answer, until a reload.
func (p teller) losesAnswers() {
	browsertest.Run[bool](p.Page, `(() => {
	  const real = window.fetch;
	  window.fetch = async (...request) => {
	    const answer = await real(...request);
	    if (request[1].body.includes('mutation')) throw new TypeError('cut off');
	    return answer;
	  };
	  return true;
	})()`)
}

// TestALostAnswerToABatch is the same for many commands.
func TestALostAnswerToABatch(t *testing.T) {
	bank := banktest.Start(t)
	p, ada := opened(t, bank)
	browsertest.Run[bool](p.Page, fmt.Sprintf("(location.hash = '#/account/%s/batch', true)", ada))
	p.fill("postBatch", "amount", "5")
	p.press("Add")
	p.fill("postBatch", "fieldset + fieldset [name=amount]", "7")
	p.press("Preview")
	p.sees(".item .badge", "Would be applied")
	p.sees("[data-form=postBatch] .would.panel", "2 of 2 commands would succeed. Nothing has been changed.")
	p.losesAnswers()
	p.press("Send the batch")
	p.sees(".doubt.panel", "The outcome is unknown")

	p.Do(chromedp.Reload())
	p.sees(".doubt.panel", "reloaded before the answer arrived")
	p.press("Send again with the same keys")
	p.sees("[data-form=postBatch] .good.panel", "2 of 2 commands were applied.")
	p.sees(".item .badge", "Replayed")
	p.sees("[data-balance=current]", "12.00 EUR")
	if value, version := bank.Balance(ada, 3); value != "12.00" || version != 3 {
		t.Errorf("the balance is %s at version %d", value, version)
	}
}

// TestThePageAsksForAMissingToken: it stays in the page's memory only.
func TestThePageAsksForAMissingToken(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/console/", http.StripPrefix("/console", console.Handler(console.Options{})))
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/graphql-response+json")
		var answer any = map[string]any{"data": map[string]any{"accounts": map[string]any{"nodes": []any{},
			"pageInfo": map[string]any{}}}}
		if r.Header.Get("Authorization") != "Bearer good" {
			w.WriteHeader(http.StatusUnauthorized)
			answer = map[string]any{"errors": []any{map[string]any{"message": "Who are you?",
				"extensions": map[string]any{"code": "UNAUTHENTICATED"}}}}
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	p := teller{browsertest.Open(t, server.URL+"/console/")}
	p.sees(".sign-in", "corebank token --role teller")
	p.Do(chromedp.SendKeys(chromedp.CSS(".sign-in textarea"), "good"))
	p.press("Sign in")
	p.sees("main h1", "Accounts")
	if kept := browsertest.Run[int](p.Page,
		"localStorage.length + sessionStorage.length + document.cookie.length"); kept != 0 {
		t.Errorf("the page has kept %d things", kept)
	}
	p.press("Sign out")
	p.sees(".sign-in", "Paste an access token")
}

// TestALinkSignsOneBrowserIn: with one click, until it signs out, and no other.
func TestALinkSignsOneBrowserIn(t *testing.T) {
	bank := banktest.Start(t)
	link := bank.SignIn()
	p := teller{browsertest.Open(t, link)}
	p.sees("main h1", "Accounts")
	if address := browsertest.Run[string](p.Page, "location.href"); address != bank.URL+"/console/#/accounts" {
		t.Errorf("the code stays in the address %s", address)
	}
	for _, again := range []string{bank.URL + "/console/", link} { // another click is no other sign-in
		p.Do(chromedp.Navigate("about:blank"), chromedp.Navigate(again))
		p.sees("main h1", "Accounts")
	}
	if kept := browsertest.Run[string](p.Page,
		`JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie`); strings.Contains(kept, "ey") {
		t.Errorf("the browser keeps a token: %s", kept)
	}

	other := teller{browsertest.Open(t, link)}
	other.sees(".sign-in [role=alert]", "This sign-in link was used before")
	other.sees(".sign-in", "corebank token --role teller")

	p.press("Sign out")
	p.sees(".sign-in", "Paste an access token")
	p.Do(chromedp.Reload())
	p.sees(".sign-in", "Paste an access token")
}
