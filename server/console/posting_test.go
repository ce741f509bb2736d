package console_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"corebank/check/banktest"
	"corebank/check/browsertest"
)

// leg fills in one leg of the form, counted from 1.
func (p teller) leg(number int, account, amount string) {
	at := func(field string) string { return fmt.Sprintf("fieldset.leg:nth-child(%d) [name=%s]", number, field) }
	if account != "" {
		p.fill("postTransaction", at("accountId"), account)
	}
	p.fill("postTransaction", at("amount"), amount)
}

// TestAPaymentIsSplitAtTheConsole: Ada pays a shop and a fee at once. The form says what
// is missing, shows the balances beforehand, and every line shows the others.
func TestAPaymentIsSplitAtTheConsole(t *testing.T) {
	bank := banktest.Start(t)
	ada, shop, fees := bank.Open("ada"), bank.Open("shop"), bank.Open("fees")
	bank.Deposit(ada, "100.00", "EUR", "wages")
	bank.Settle()
	p := at(t, bank, "#/account/"+ada+"/postTransaction")
	p.leg(1, "", "50")
	p.leg(2, shop, "49.50")
	p.sees(".legs .balance", "In EUR, the debits are 0.50 more than the credits.")
	p.submit("postTransaction", 1)
	p.sees(".legs > .field-error", "In EUR, the debits are 0.50 more")
	p.press("Add a leg")
	p.leg(3, "acc_x", "0.5")
	p.sees(".legs .balance", "Debits and credits are equal in EUR.")
	p.press("Preview")
	p.sees("[data-form=postTransaction] .bad.panel h3", "This would be refused")
	p.sees("[data-form=postTransaction] .bad.panel h4", "Leg 3: Account")
	p.Do(chromedp.WaitVisible(chromedp.CSS("fieldset.leg:nth-child(3) [name=accountId][aria-invalid]")))
	p.leg(3, fees, "0.5")
	p.press("Preview")
	p.sees("[data-form=postTransaction] .would.panel", "Nothing has been changed")
	p.sees("[data-form=postTransaction] .would.panel", "−50.00 EUR")

	p.losesAnswers()
	p.submit("postTransaction", 1)
	p.sees(".doubt.panel", "The outcome is unknown")
	p.press("Check the outcome")
	p.sees(".doubt.panel p[role=status]", "It was applied")
	p.Do(chromedp.Reload())
	p.sees(".doubt.panel", "reloaded before the answer arrived")
	if legs := browsertest.Run[int](p.Page, "document.querySelectorAll('fieldset.leg').length"); legs != 3 {
		t.Errorf("%d legs are restored, want 3", legs)
	}
	p.press("Send again with the same key")
	p.sees("[data-form=postTransaction] .good.panel", "All legs were posted")
	p.sees("[data-balance=current]", "50.00 EUR")
	p.sees("tr[data-version='3'] .what", "+49.50 EUR")
	p.sees("tr[data-version='3'] .what", "+0.50 EUR")

	browsertest.Run[bool](p.Page, "(document.querySelector(\"tr[data-version='3'] .what a\").click(), true)")
	p.sees("main h1", "Posting")
	p.sees("main", "3 legs, posted at once by teller")
	p.sees("table.posted tbody tr:last-child", "0.50 EUR")
	p.visit("#/account/" + shop)
	p.sees("[data-balance=current]", "49.50 EUR")
	p.sees("tr[data-version='2'] .act", "Reverse")
	browsertest.Run[bool](p.Page, "(document.querySelector(\"tr[data-version='2'] .act a\").click(), true)")
	p.fill("reverse", "reason", "sent back")
	p.submit("reverse", 1)
	p.sees("[data-form=reverse] .good.panel", "3 legs")
	p.sees("[data-balance=current]", "0.00 EUR")
	p.sees("tr[data-version='2'] .badge", "Reversed")
	for id, want := range map[string]string{ada: "100.00", fees: "0.00"} {
		if value, _ := bank.Balance(id, 3); value != want {
			t.Errorf("%s has %s, want %s", id, value, want)
		}
	}
	p.StaysHome()
	p.Quiet()
}
