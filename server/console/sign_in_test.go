package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"corebank/check/banktest"
	"corebank/check/browsertest"
	"corebank/internal/identity"
)

// rejecting answers every request as a bank does whose token has expired.
const rejecting = `(() => {
  const real = window.fetch;
  window.speaking = () => { window.fetch = real; return true; };
  window.fetch = async () => new Response(
    '{"errors":[{"message":"The token is refused: it expired.","extensions":{"code":"UNAUTHENTICATED"}}]}',
    { status: 401 });
  return true;
})()`

// TestASignInThatFailsLosesNothing: a token that is refused stays in its field, with
// the reason, and a form that was open is there again for the same caller.
func TestASignInThatFailsLosesNothing(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.Open("ada")
	bank.Settle()
	p := teller{browsertest.Open(t, bank.URL+"/console/#/account/"+ada+"/deposit")}
	at := chromedp.CSS(".sign-in textarea")
	p.Do(chromedp.WaitVisible(at))
	p.sees(".sign-in", "Paste an access token")
	if reason := browsertest.Run[string](p.Page, "document.querySelector('.sign-in .notice').textContent"); reason != "" {
		t.Errorf("no one has tried to sign in, and the page says %q", reason)
	}
	p.Do(chromedp.SendKeys(at, "nonsense"))
	p.press("Sign in")
	p.sees(".sign-in .notice", "The token is refused")
	if typed := browsertest.Run[string](p.Page, "document.querySelector('.sign-in textarea').value"); typed != "nonsense" {
		t.Errorf("the field holds %q", typed)
	}
	paste := func(token string) {
		browsertest.Run[bool](p.Page, "(document.querySelector('.sign-in textarea').value = '', true)")
		p.Do(chromedp.SendKeys(at, token))
		p.press("Sign in")
		p.gone(".sign-in")
	}
	paste(bank.Token)
	p.fill("deposit", "amount", "12")

	for token, want := range map[string]string{
		bank.People.TokenFor(banktest.Teller, identity.Admin): "12", // the same person, with another token
	} {
		browsertest.Run[bool](p.Page, rejecting)
		p.sees(".sign-in .notice", "it expired")
		browsertest.Run[bool](p.Page, speaking)
		paste(token)
		p.Do(chromedp.WaitVisible(chromedp.CSS("[data-form=deposit]")))
		if typed := browsertest.Run[string](p.Page, "document.querySelector('[name=amount]').value"); typed != want {
			t.Errorf("the form holds %q, want %q", typed, want)
		}
	}
	p.submit("deposit", 1)
	p.sees("[data-balance=current]", "12.00 EUR")
	p.press("New request")
	p.fill("deposit", "amount", "34")
	browsertest.Run[bool](p.Page, rejecting)
	p.submit("deposit", 1)
	p.sees(".sign-in .notice", "it expired")
	browsertest.Run[bool](p.Page, speaking)
	paste(bank.People.TokenFor("tom", identity.Teller)) // somebody else
	browsertest.Await[bool](p.Page, "document.querySelector('[data-form=deposit] [name=amount]')?.value === ''")
	if _, version := bank.Balance(ada, 2); version != 2 {
		t.Errorf("the account has version %d: something was sent without a sign-in", version)
	}
}

// rejectingOnce answers the next request to the API as a bank does whose token has
// expired. The session of the browser has not.
const rejectingOnce = `(() => {
  const real = window.fetch;
  window.rejected = 0;
  window.fetch = async (...request) => {
    if (!String(request[0]).endsWith('/graphql') || window.rejected++ > 0) return real(...request);
    return new Response(
      '{"errors":[{"message":"The token is refused: it expired.","extensions":{"code":"UNAUTHENTICATED"}}]}',
      { status: 401 });
  };
  return true;
})()`

// TestATokenOfASessionIsRenewed without a question, and what was sent with the one
// that had expired is sent again.
func TestATokenOfASessionIsRenewed(t *testing.T) {
	bank := banktest.Start(t)
	p, ada := opened(t, bank)
	p.press("Deposit")
	p.fill("deposit", "amount", "12")
	browsertest.Run[bool](p.Page, rejectingOnce)
	p.submit("deposit", 1)
	p.sees(".good.panel", "The deposit was made")
	p.sees("[data-balance=current]", "12.00 EUR")
	p.gone(".sign-in")
	if n := browsertest.Run[int](p.Page, "window.rejected"); n < 2 {
		t.Errorf("%d requests were sent", n)
	}
	if value, version := bank.Balance(ada, 2); value != "12.00" || version != 2 {
		t.Errorf("the balance is %s at version %d", value, version)
	}
}
