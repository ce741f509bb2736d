package console_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"corebank/check/banktest"
	"corebank/check/browsertest"
)

// gone waits until nothing on the page matches.
func (p teller) gone(selector string) {
	browsertest.Await[bool](p.Page, fmt.Sprintf("!document.querySelector(%q)", selector))
}

// key presses a key where the focus is.
func (p teller) key(name string) {
	browsertest.Run[bool](p.Page, fmt.Sprintf(`(document.activeElement.dispatchEvent(
	  new KeyboardEvent('keydown', { key: %q, bubbles: true, cancelable: true })), true)`, name))
}

// copies selects what matches and returns what is copied.
func (p teller) copies(selector string) string {
	return browsertest.Run[string](p.Page, fmt.Sprintf(`(() => {
	  getSelection().selectAllChildren(document.querySelector(%q));
	  const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
	  document.querySelector(%q).dispatchEvent(event);
	  return event.defaultPrevented ? event.clipboardData.getData('text/plain') : getSelection().toString();
	})()`, selector, selector))
}

// TestAmountsThatPeopleType: an amount is taken for what it means, in every field for
// amounts, or the page says why not.
func TestAmountsThatPeopleType(t *testing.T) {
	bank := banktest.Start(t)
	kuwait := bank.Must("openAccount", map[string]any{"owner": "kim", "currency": "KWD", "idempotencyKey": "k"}).Account.ID
	bank.Settle()
	p := at(t, bank, "#/account/"+kuwait+"/deposit")
	p.fill("deposit", "amount", "1,234")
	p.submit("deposit", 1)
	p.sees("[data-form=deposit] .money .field-error", "1,234 can mean two amounts. Write 1234, or 1.234.")
	p.fill("deposit", "amount", "12.50 EUR")
	p.submit("deposit", 1)
	p.sees("[data-form=deposit] .money .field-error", "The amount must be in KWD, not EUR.")
	p.fill("deposit", "amount", "1,234.5 kwd")
	p.submit("deposit", 1)
	p.sees("[data-balance=current]", "1 234.500 KWD")
	p.press("New request")
	p.fill("deposit", "amount", ".5")
	p.submit("deposit", 1)
	p.sees("[data-balance=current]", "1 235.000 KWD")

	p.visit("#/account/" + kuwait + "/batch")
	p.fill("postBatch", "amount", "1,234")
	p.submit("postBatch", 1)
	p.sees("[data-form=postBatch] .money .field-error", "can mean two amounts")
	p.visit("#/account/" + kuwait + "/setLimits")
	p.fill("setLimits", "debitPerDay", "1,234")
	p.submit("setLimits", 1)
	p.sees("[data-form=setLimits] .field:has([name=debitPerDay])", "can mean two amounts")
	browsertest.Run[bool](p.Page, `((form) => {
	  form.querySelectorAll('input.figure')[0].value = '1,234';
	  form.requestSubmit();
	  return true;
	})(document.querySelector('form.filter'))`)
	p.sees("section[aria-label=Transactions] .panel", "can mean two amounts")
	p.gone("section[aria-label=Transactions] tbody tr") // nothing of before stays beside it
	browsertest.Run[bool](p.Page, `((form) => {
	  form.querySelectorAll('input.figure')[0].value = '';
	  form.closest('details').open = true;
	  return true;
	})(document.querySelector('form.filter'))`)
	p.Do(chromedp.SendKeys(chromedp.CSS("form.filter input[type=datetime-local]"), "01")) // and no day
	p.press("Filter")
	p.sees("section[aria-label=Transactions] .panel", "Complete the date and the time")
	if _, version := bank.Balance(kuwait, 3); version != 3 {
		t.Errorf("the account has version %d: something else was sent", version)
	}
	p.Quiet()
}

// TestClosingAnAccountAsksFirst, for it is permanent.
func TestClosingAnAccountAsksFirst(t *testing.T) {
	bank := banktest.Start(t)
	p, ada := opened(t, bank)
	p.visit("#/account/" + ada + "/closeAccount")
	p.Do(chromedp.WaitVisible(chromedp.CSS("[data-form=closeAccount]")))
	p.submit("closeAccount", 2) // a double click is no answer
	p.sees("dialog", "cannot be opened again")
	p.press("Keep it open")
	p.gone("dialog")
	p.sees(".status-now", "Open")
	p.submit("closeAccount", 1)
	p.press("Close the account")
	p.sees(".status-now", "Closed")
	p.Quiet()
}

// TestEscapeCloses a menu first and then a form, and loses nothing.
func TestEscapeCloses(t *testing.T) {
	bank := banktest.Start(t)
	p, _ := opened(t, bank)
	p.press("Deposit")
	p.fill("deposit", "amount", "12")
	browsertest.Run[bool](p.Page, `((menu) => { menu.open = true; menu.querySelector('a').focus(); return true; })(
	  document.querySelector('details.menu'))`)
	p.key("Escape")
	p.gone("details.menu[open]")
	p.sees("[data-form=deposit]", "Deposit cash")
	p.key("Escape")
	p.gone("[data-form=deposit]")
	p.press("Deposit")
	if typed := browsertest.Await[string](p.Page,
		"document.querySelector('[data-form=deposit] [name=amount]')?.value"); typed != "12" {
		t.Errorf("the form opens with %q, want what was typed", typed)
	}
}

// TestARefusalStandsOnce, at its field's name, with amounts as they stand elsewhere,
// and nothing of an earlier answer beside it.
func TestARefusalStandsOnce(t *testing.T) {
	bank := banktest.Start(t)
	p, ada := opened(t, bank)
	bank.Deposit(ada, "1000.00", "EUR", "wages")
	p.sees("[data-balance=current]", "1 000.00 EUR")
	p.press("Withdraw")
	p.fill("withdraw", "amount", "1")
	p.press("Preview")
	p.sees("[data-form=withdraw] .panel", "This would succeed")
	p.fill("withdraw", "amount", "3000")
	p.gone("[data-form=withdraw] .panel") // it was about another amount
	p.submit("withdraw", 1)
	p.sees("[data-form=withdraw] .bad.panel h4", "Amount")
	p.sees("[data-form=withdraw] .bad.panel .message", "1 000.00 EUR")
	p.Do(chromedp.WaitVisible(chromedp.CSS("[data-form=withdraw] [name=amount][aria-invalid]")))
	form := browsertest.Run[string](p.Page, "document.querySelector('[data-form=withdraw]').innerText")
	message := browsertest.Run[string](p.Page, "document.querySelector('[data-form=withdraw] .message').innerText")
	if n := strings.Count(form, message); n != 1 {
		t.Errorf("%q stands %d times in\n%s", message, n, form)
	}
	p.fill("withdraw", "amount", " ")
	p.submit("withdraw", 1)
	p.sees("[data-form=withdraw] .money .field-error", "Amount is required")
	p.gone("[data-form=withdraw] .panel")
}

// TestCopiedValuesAreThoseOfOtherPrograms: without the spaces and the signs that are
// for people, and whole.
func TestCopiedValuesAreThoseOfOtherPrograms(t *testing.T) {
	bank := banktest.Start(t)
	ada, bob := bank.Open("ada"), bank.Open("bob")
	bank.Deposit(ada, "1234567.50", "EUR", "wages")
	bank.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("1000"),
		"idempotencyKey": "t"})
	bank.Settle()
	p := at(t, bank, "#/account/"+ada)
	p.sees("[data-balance=current]", "1 233 567.50 EUR")
	for selector, want := range map[string]string{
		"[data-balance=current]": "1233567.50 EUR", "tbody td.debit": "-1000.00", "tbody .detail a": bob,
	} {
		if got := p.copies(selector); strings.TrimSpace(got) != want {
			t.Errorf("%s is copied as %q, want %q", selector, got, want)
		}
	}
}

// TestTheWidthOfThePageIsThatOfTheScreen, however long names, notes and amounts are.
func TestTheWidthOfThePageIsThatOfTheScreen(t *testing.T) {
	bank := banktest.Start(t)
	long := func(n int) string { return strings.Repeat("W", n) }
	id := bank.Must("openAccount", map[string]any{"owner": long(140), "name": long(140), "externalId": long(140),
		"currency": "EUR", "idempotencyKey": "k"}).Account.ID
	most := banktest.EUR("92233720368547758.07")
	bank.Must("deposit", map[string]any{"accountId": id, "amount": most, "reference": long(140), "memo": long(500),
		"idempotencyKey": "d"})
	hold := bank.Must("placeHold", map[string]any{"accountId": id, "amount": banktest.EUR("1"), "reference": long(140),
		"memo": long(500), "idempotencyKey": "h"}).Hold.ID
	sent := bank.Must("transfer", map[string]any{"fromAccountId": id, "toAccountId": bank.Open("bob"),
		"amount": banktest.EUR("92233720368547757"), "reference": long(140), "memo": long(500), "idempotencyKey": "t"})
	bank.Must("freezeAccount", map[string]any{"accountId": id, "scope": "BOTH", "reason": long(300),
		"idempotencyKey": "f"})
	bank.Settle()
	p := at(t, bank, "#/accounts")
	for _, width := range []int64{390, 1440} {
		p.Do(chromedp.EmulateViewport(width, 800))
		for address, selector := range map[string]string{"#/accounts": ".account", "#/account/" + id: "tbody .detail",
			"#/account/" + id + "/updateAccount": "[data-form=updateAccount]", "#/hold/" + hold: ".badge",
			"#/transfer/" + sent.Transfer.ID: ".badge", "#/health": ".verdict"} {
			p.visit(address)
			p.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
			if wide := browsertest.Run[int64](p.Page, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s is %d pixels wide on a screen of %d", address, wide, width)
			}
		}
	}
}

// TestAddressesThatNameNothing are answered, and not waited for.
func TestAddressesThatNameNothing(t *testing.T) {
	bank := banktest.Start(t)
	p := at(t, bank, "#/account/%E0%A4%A")
	p.sees("main .panel", "There is no account %E0%A4%A")
	p.visit("#/transfer/%")
	p.sees("main .panel", "There is no transfer %")
	p.visit("#/hold/%")
	p.sees("main .panel", "There is no hold %")
	for _, address := range []string{"#/nothing", "#/constructor", "#/__proto__"} {
		p.visit(address)
		p.sees("main h1", "No such page")
		p.visit("#/accounts")
		p.sees("main h1", "Accounts")
	}
	p.Quiet()
}

// TestAFinishedHoldSaysWhatBecameOfIt.
func TestAFinishedHoldSaysWhatBecameOfIt(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.Open("ada")
	bank.Deposit(ada, "50.00", "EUR", "wages")
	hold := bank.Must("placeHold", map[string]any{"accountId": ada, "amount": banktest.EUR("9"), "idempotencyKey": "h"})
	bank.Settle()
	p := at(t, bank, "#/hold/"+hold.Hold.ID)
	p.sees(".current", "9.00 EUR")
	p.sees(".badge", "Active")
	bank.Must("captureHold", map[string]any{"holdId": hold.Hold.ID, "amount": banktest.EUR("4"), "releaseRest": true,
		"idempotencyKey": "c"})
	p.sees(".badge", "Captured")
	p.sees(".current", "4.00 EUR")
	p.offers(t, nil, []string{"Capture", "Adjust", "Release"})
}
