package console_test

import (
	"fmt"
	"slices"
	"testing"

	"corebank/check/banktest"
	"corebank/check/browsertest"
	"corebank/internal/identity"
)

// offered are the labels of all visible buttons and links that lead to a command.
func (p teller) offered() []string {
	return browsertest.Run[[]string](p.Page, `[...document.querySelectorAll('main a[href], main button, nav a')]
	  .filter((one) => !one.hidden && !one.closest('[hidden]')).map((one) => one.textContent)`)
}

// offers checks what is offered, and what is not.
func (p teller) offers(t *testing.T, wanted, unwanted []string) {
	t.Helper()
	found := p.offered()
	for _, label := range wanted {
		if !slices.Contains(found, label) {
			t.Errorf("%s is not offered, only %q", label, found)
		}
	}
	for _, label := range unwanted {
		if slices.Contains(found, label) {
			t.Errorf("%s is offered", label)
		}
	}
}

// TestNothingIsOfferedThatTheRoleForbids.
func TestNothingIsOfferedThatTheRoleForbids(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.As("ada", identity.Customer)
	hers := ada.Must("openAccount", map[string]any{"owner": "ada", "currency": "EUR", "idempotencyKey": "a"}).Account.ID
	ada.Deposit(hers, "50.00", "EUR", "wages")
	ada.Must("placeHold", map[string]any{"accountId": hers, "amount": banktest.EUR("5"), "idempotencyKey": "h"})
	bank.Settle()
	use := []string{"Deposit", "Withdraw", "Transfer", "Hold", "Batch", "Name and metadata", "Capture", "Release"}
	staff := []string{"Freeze", "Limits", "Reverse"}

	p := at(t, bank, "#/account/"+hers)
	p.sees("tbody .figure", "50.00")
	p.offers(t, slices.Concat(use, staff, []string{"Health", "Open"}), []string{"Unfreeze", "Close"})

	p.signIn(bank.People.TokenFor("ada", identity.Customer))
	p.sees("tbody .figure", "50.00")
	p.offers(t, append(use, "Open"), append(staff, "Health"))
	p.visit("#/health")
	p.sees("main .notice", "Your role does not allow this")

	p.visit("#/account/" + hers)
	p.signIn(bank.People.TokenFor("otto", identity.Auditor))
	p.sees("tbody .figure", "50.00")
	p.offers(t, []string{"Health"}, slices.Concat(use, staff, []string{"Open", "More"}))
	p.visit("#/account/" + hers + "/deposit")
	p.sees(".form-area .notice", "Your role does not allow this")
	p.visit("#/open")
	p.sees("main .notice", "Your role does not allow this")
	p.visit("#/accounts")
	p.sees(".accounts", "ada")
	p.offers(t, nil, []string{"Open an account"})
}

// filters filters the transactions by a type.
func (p teller) filters(kind string) {
	browsertest.Run[bool](p.Page, fmt.Sprintf(`((form) => {
	  form.querySelector('select').value = %q;
	  form.requestSubmit();
	  return true;
	})(document.querySelector('form.filter'))`, kind))
	p.sees("section[aria-label=Transactions] .hint", "Clear the filter")
}

// TestNothingIsOfferedThatTheStateForbids.
func TestNothingIsOfferedThatTheStateForbids(t *testing.T) {
	bank := banktest.Start(t)
	ada, bob := bank.Open("ada"), bank.Open("bob")
	deposit := bank.Deposit(ada, "50.00", "EUR", "wages")
	bank.Settle()
	p := at(t, bank, "#/account/"+ada)
	p.sees("tbody .act", "Reverse")

	bank.Must("reverse", map[string]any{"transactionId": deposit.Transaction.ID, "amount": banktest.EUR("20"),
		"reason": "a mistake", "idempotencyKey": "part"})
	p.sees("tr[data-version='2'] .badge", "Reversed 20.00 EUR")
	p.sees("tr[data-version='2'] .act", "Reverse")
	bank.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "DEBITS", "reason": "a court order",
		"idempotencyKey": "f"})
	p.sees(".status-now", "Frozen")
	p.offers(t, []string{"Deposit", "Unfreeze"}, []string{"Withdraw", "Transfer", "Hold", "Reverse"})
	p.visit("#/account/" + ada + "/withdraw")
	p.sees(".form-area .notice", "Debits are blocked: a court order")
	bank.Must("unfreezeAccount", map[string]any{"accountId": ada, "idempotencyKey": "u"})
	p.sees(".status-now", "Open")
	p.sees("[data-form=withdraw]", "Withdraw cash") // the form that was not offered
	bank.Must("reverse", map[string]any{"transactionId": deposit.Transaction.ID, "reason": "a mistake",
		"idempotencyKey": "rest"})
	p.gone("td.act a")
	p.offers(t, []string{"Close"}, []string{"Reverse"})
	p.filters("DEPOSIT") // also in a list that was read before
	deposit = bank.Deposit(ada, "8.00", "EUR", "gift")
	p.filters("DEPOSIT")
	p.sees("td.act", "Reverse")
	bank.Must("reverse", map[string]any{"transactionId": deposit.Transaction.ID, "reason": "a mistake",
		"idempotencyKey": "no gift"})
	p.gone("td.act a")
	p.press("Clear the filter")

	bank.Deposit(ada, "7.00", "EUR", "more")
	bank.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"amount": banktest.EUR("3"), "idempotencyKey": "lost"})
	p.sees("tbody", "Transfer returned")
	p.offers(t, []string{"Reverse"}, []string{"Close"}) // the deposit can be reversed, the transfer cannot
	if n := browsertest.Run[int](p.Page, `[...document.querySelectorAll('td.act a')].length`); n != 1 {
		t.Errorf("%d transactions can be reversed, want 1", n)
	}

	bank.Must("closeAccount", map[string]any{"accountId": bob, "idempotencyKey": "c"})
	bank.Settle()
	p.visit("#/account/" + bob + "/deposit")
	p.sees(".form-area .notice", "The account is closed")
	p.offers(t, nil, []string{"Deposit", "Withdraw", "Transfer", "Hold", "More", "Close", "Name and metadata"})
}
