package console_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"corebank/check/banktest"
	"corebank/check/browsertest"
	"corebank/internal/identity"
)

// at opens the console as a teller at an address.
func at(t *testing.T, bank *banktest.Bank, address string) teller {
	t.Helper()
	p := teller{browsertest.Open(t, bank.SignIn())}
	p.sees("#caller", "teller")
	p.visit(address)
	return p
}

// signIn pastes a token, after signing out where the page is signed in.
func (p teller) signIn(token string) {
	browsertest.Await[bool](p.Page, `(() => {
	  const out = document.getElementById('sign-out');
	  if (!out.hidden) out.click();
	  return Boolean(document.querySelector('.sign-in textarea'));
	})()`)
	p.Do(chromedp.SendKeys(chromedp.CSS(".sign-in textarea"), token))
	p.press("Sign in")
	p.gone(".sign-in")
}

// visit goes to an address of the console.
func (p teller) visit(address string) {
	browsertest.Run[bool](p.Page, fmt.Sprintf("(location.hash = %q, true)", address))
}

// watching counts, ten times a second, how often the headline and the table differ.
const watching = `(() => {
  window.differences = 0;
  setInterval(() => {
    const headline = document.querySelector('[data-balance=current]').firstChild.textContent;
    if (headline !== document.querySelector('tbody .after').textContent) window.differences++;
  }, 100);
  return true;
})()`

// TestABurstDoesNotDrownThePage: 20 deposits a second leave the page usable, its list
// bounded, and its headline and its table of one mind.
func TestABurstDoesNotDrownThePage(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.Open("ada")
	for i := range 3 {
		var items []map[string]any
		for n := range 80 {
			items = append(items, map[string]any{"deposit": map[string]any{"accountId": ada, "amount": banktest.EUR("1"),
				"idempotencyKey": fmt.Sprint(i, " ", n)}})
		}
		bank.Do(`mutation($i: PostBatchInput!) { postBatch(input: $i) { failedIndex } }`,
			map[string]any{"i": map[string]any{"items": items}})
	}
	p := at(t, bank, "#/account/"+ada)
	p.sees("[data-balance=current]", "240.00 EUR")
	for range 4 {
		p.press("Older transactions")
		p.waits("Older transactions")
	}
	browsertest.Run[bool](p.Page, watching)
	busy := p.Busy(func() {
		next := time.NewTicker(50 * time.Millisecond)
		defer next.Stop()
		for i := range 200 {
			<-next.C
			bank.Deposit(ada, "1.00", "EUR", fmt.Sprint("burst ", i))
		}
	})
	if busy > 0.2 {
		t.Errorf("the main thread is busy for %.0f %% of the time, want at most 20 %%", 100*busy)
	}
	t.Logf("the main thread is busy for %.1f %% of the time", 100*busy)
	if took := browsertest.Run[float64](p.Page, `new Promise((done) => {
	  const began = performance.now();
	  const look = () => (document.querySelector('tr[data-version="441"]')
	    && document.getElementById('live').textContent === 'Live' ? done(performance.now() - began)
	    : setTimeout(look, 20));
	  look();
	})`); took > 3000 {
		t.Errorf("the page is up to date after %.0f ms of silence", took)
	}
	p.sees("[data-balance=current]", "440.00 EUR")
	if rows := len(p.versions()); rows != 250 {
		t.Errorf("%d rows are shown, want the newest 250", rows)
	}
	if n := browsertest.Run[int](p.Page, "window.differences"); n > 0 {
		t.Errorf("the headline and the table differed %d times", n)
	}
	p.Quiet()
}

// waits waits until a button can be pressed, or is gone.
func (p teller) waits(label string) {
	browsertest.Await[bool](p.Page, fmt.Sprintf(
		`![...document.querySelectorAll('button')].some((one) => one.textContent === %q && one.disabled)`, label))
}

// silent makes every request wait without end; speaking ends that.
const (
	silent = `(() => {
  const real = window.fetch;
  window.speaking = () => { window.fetch = real; return true; };
  window.fetch = (...request) => new Promise((done, failed) => {
    request[1].signal.addEventListener('abort', () => failed(request[1].signal.reason));
  });
  return true;
})()`
	failing = `(() => {
  const real = window.fetch;
  window.speaking = () => { window.fetch = real; return true; };
  window.fetch = async () => { throw new TypeError('away'); };
  return true;
})()`
	speaking = `window.speaking()`
)

// TestLiveIsTrue: a page that gets no answer does not say that it is live.
func TestLiveIsTrue(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.Open("ada")
	bank.Settle()
	p := at(t, bank, "#/account/"+ada)
	p.sees("#live", "Live")
	browsertest.Run[bool](p.Page, failing)
	began := time.Now()
	p.sees("#live", "Waiting for the bank")
	p.sees(".hero .notice", "may be out of date")
	if took := time.Since(began); took > 5*time.Second { // and the time that a loaded machine takes to look
		t.Errorf("the page said Live for %s without an answer", took)
	}
	browsertest.Run[bool](p.Page, speaking)
	p.sees("#live", "Live")
	browsertest.Run[bool](p.Page, silent)
	p.sees("#live", "Waiting for the bank")
}

// TestAPageOpenedWhileTheBankWasAway shows what it should when the bank is back.
func TestAPageOpenedWhileTheBankWasAway(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.Open("ada")
	bank.Deposit(ada, "50.00", "EUR", "wages")
	hold := bank.Must("placeHold", map[string]any{"accountId": ada, "amount": banktest.EUR("5"), "idempotencyKey": "h"})
	bank.Settle()
	p := at(t, bank, "#/health")
	p.sees(".verdict", "Debits equal credits")
	for address, selector := range map[string]string{
		"#/accounts": ".accounts .account", "#/account/" + ada: "[data-balance=current]", "#/health": ".verdict",
		"#/hold/" + hold.Hold.ID: ".badge.active", "#/open": "[data-form=openAccount]",
	} {
		p.visit("#/transfer/none")
		p.sees("main h1", "Transfer")
		browsertest.Run[bool](p.Page, failing)
		p.visit(address)
		if address != "#/open" { // which asks for nothing
			p.sees("main .panel", "The bank did not answer")
		}
		browsertest.Run[bool](p.Page, speaking)
		p.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
	}
}

// TestACustomerOpensAnAccountForItself: another owner would be refused.
func TestACustomerOpensAnAccountForItself(t *testing.T) {
	bank := banktest.Start(t)
	p := at(t, bank, "#/open")
	p.signIn(bank.People.TokenFor("ada", identity.Customer))
	p.fill("openAccount", "currency", "EUR")
	p.press("Open the account")
	p.sees(".good.panel", "The account was opened")
	p.press("Go to the account")
	p.sees("main h1", "ada")
}
