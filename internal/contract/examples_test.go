package contract_test

import (
	"time"

	"corebank/internal/bank"
)

var (
	grace     = bank.NewAccountID("grace", "first")
	trip      = bank.NewTransferID(ada, "trip")
	earlier   = bank.NewTransferID(grace, "earlier")
	split     = bank.NewJournalID(ada, "split")
	undone    = bank.NewJournalID(ada, "undone")
	effective = time.Date(2026, 2, 27, 23, 59, 59, 999999000, time.UTC)
	noted     = bank.Details{Reference: "invoice 7/\\", Memo: "<b>&amp;\u2028✓</b>", ExternalID: "päivää 😀"}
	refused   = bank.Rejection{Code: bank.ClosedAccount,
		Message: "The receiving account was closed; send the money to another account."}
)

// An example is an event as it is stored today. Variant tells events of one
// type apart, where they may leave something out.
type example struct {
	variant string
	event   bank.Event
}

// moved is the money part of an event on Ada's account.
func moved(change, balance int64, other string) bank.Movement {
	return bank.Movement{Amount: eur(max(change, -change)), Balance: eur(balance), Postings: []bank.Posting{
		{LedgerAccount: bank.CustomerLedger(ada), Amount: eur(change)},
		{LedgerAccount: other, Amount: eur(-change)},
	}}
}

// events are the examples of their own.
func events() (all []bank.Event) {
	for _, e := range examples() {
		all = append(all, e.event)
	}
	return all
}

// examples has one event of each type, with every field set and with texts
// that JSON may write in more than one way, and variants with as little as can
// be.
func examples() []example {
	one := eur(1_00)
	return append([]example{
		{"", bank.AccountOpened{Owner: "Ada \"<Ä>\" & Söhne ✓ 😀", Currency: "EUR", Name: "Rücklage",
			Kind: bank.Savings, ExternalID: "crm/7", Metadata: map[string]string{"branch": "London", "a<b": "&"}}},
		{"", bank.MoneyDeposited{Movement: moved(5_00, 1<<63-1, bank.CashLedger("EUR")),
			Details: noted, EffectiveAt: effective}},
		{"", bank.MoneyWithdrawn{Movement: moved(-1, -1, bank.CashLedger("EUR")), Details: noted, EffectiveAt: effective}},
		{"least", bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current}},
		{"least", bank.MoneyDeposited{Movement: moved(1, 1, bank.CashLedger("EUR"))}},
		{"least", bank.MoneyWithdrawn{Movement: moved(-1, 0, bank.CashLedger("EUR"))}},
		{"", bank.AccountUpdated{Changed: []string{"name", "metadata"}, Name: "Rent",
			Metadata: map[string]string{"branch": "Paris"}}},
		{"cleared", bank.AccountUpdated{Changed: []string{"metadata"}}},
		{"", bank.AccountFrozen{Debits: true, Credits: true, Reason: "court <order>", By: "bob"}},
		{"", bank.AccountUnfrozen{Reason: "lifted"}},
		{"", bank.AccountClosed{Reason: "moved away"}},
		{"", bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(500_00), PerTransaction: &one, PerDay: &one}}},
		{"none", bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(0)}}},
		{"", bank.ExternalIDClaimed{ExternalID: "crm/7", Account: ada}},
	}, movingExamples()...)
}

func movingExamples() []example {
	taken := moved(-20, 80, bank.SettlementLedger("EUR"))
	out, in := moved(-5, 0, bank.TransitLedger("EUR")), moved(5, 5, bank.TransitLedger("EUR"))
	legs := []bank.PostedLeg{{Account: ada, Version: 9, Amount: eur(5), Reference: "0123456789ab"},
		{Account: grace, Version: 7, Credit: true, Amount: eur(5), Memo: "ba9876543210"}}
	legNoted := bank.Details{Reference: noted.Reference, Memo: noted.Memo}
	return []example{
		{"", bank.HoldPlaced{Amount: eur(70), ExpiresAt: decidedAt.AddDate(0, 0, 7), Defaulted: true, Details: noted}},
		{"until", bank.HoldPlaced{Amount: eur(70), ExpiresAt: effective.AddDate(0, 1, 0)}},
		{"", bank.HoldCaptured{Movement: taken, Hold: 3, Remaining: eur(50), Released: eur(0), Details: noted}},
		{"released", bank.HoldCaptured{Movement: taken, Hold: 3, Remaining: eur(0), Released: eur(50)}},
		{"", bank.HoldReleased{Hold: 3, Amount: eur(50), Reason: "cancelled"}},
		{"", bank.HoldExpired{Hold: 3, Amount: eur(50), ExpiresAt: effective}},
		{"", bank.TransferSent{Movement: out, Transfer: trip, To: grace, Details: noted, EffectiveAt: effective}},
		{"reversal", bank.TransferSent{Movement: out, Transfer: trip, To: grace, Details: bank.Details{Memo: "mistake"},
			Reverses: &bank.TransferReversal{Transfer: earlier, Version: 2, Remaining: eur(3), Reason: "mistake"}}},
		{"", bank.TransferReceived{Movement: in, Transfer: trip, From: grace, Details: noted, EffectiveAt: effective}},
		{"reversal", bank.TransferReceived{Movement: in, Transfer: trip, From: grace, Reverses: earlier}},
		{"", bank.TransferRejected{Transfer: trip, From: grace, Amount: eur(5), Rejection: refused, Details: noted,
			SentAt: decidedAt}},
		{"", bank.TransferCompleted{Transfer: trip, To: grace, Amount: eur(5)}},
		{"", bank.TransferReturned{Movement: in, Transfer: trip, To: grace, Rejection: refused, Details: noted,
			SentAt: decidedAt}},
		{"", bank.TransactionReversed{Movement: moved(-5, 0, bank.CashLedger("EUR")), Transaction: 2,
			Remaining: eur(1), Reason: "mistake"}},
		{"credit", bank.TransactionReversed{Movement: moved(5, 5, bank.SettlementLedger("EUR")), Transaction: 4,
			Credit: true, Remaining: eur(0), Reason: "mistake"}},
		{"", bank.HoldAdjusted{Hold: 3, Changed: []string{"expiresAt", "amount"}, Amount: eur(90), Remaining: eur(70),
			ExpiresAt: decidedAt.AddDate(0, 0, 9)}},
		{"arrived", bank.TransferSent{Movement: out, Transfer: trip, To: grace, End: bank.EndArrived}},
		{"returned", bank.TransferSent{Movement: out, Transfer: trip, To: grace, End: bank.EndReturned}},
		{"at-once", bank.TransferReceived{Movement: in, Transfer: trip, From: grace, AtOnce: true}},
		{"", bank.LegPosted{Movement: in, Credit: true, Journal: split, Number: 2, Of: 2, Details: legNoted,
			Home: &bank.EventAt{Account: grace, Version: 7}}},
		{"home", bank.LegPosted{Movement: out, Journal: split, Number: 1, Of: 2, Legs: legs}},
		{"reversal", bank.LegPosted{Movement: in, Credit: true, Journal: split, Number: 1, Of: 2, Legs: legs,
			Reverses: &bank.LegReversal{Journal: undone, Version: 4, Reason: "mistake", Asked: 5}}},
	}
}

// lifted is what the events mean today that were stored in shapes of the past.
func lifted() map[string]bank.Event {
	out, in := moved(-5, 0, bank.TransitLedger("EUR")), moved(5, 5, bank.TransitLedger("EUR"))
	return map[string]bank.Event{
		"account-opened.v1": bank.AccountOpened{Owner: "Ada \"<Ä>\" & Söhne ✓ 😀", Currency: "EUR", Kind: bank.Current},
		"money-deposited.v1": bank.MoneyDeposited{Movement: moved(5_00, 1<<63-1, bank.CashLedger("EUR")),
			Details: bank.Details{Reference: "invoice 7/\\", Memo: "<b>&amp;\u2028✓</b>"}},
		"money-withdrawn.v1": bank.MoneyWithdrawn{Movement: moved(-1, 0, bank.CashLedger("EUR")),
			Details: bank.Details{Reference: "rent", Memo: "päivää"}},
		"hold-expired.v1":      bank.HoldExpired{Hold: 3, Amount: eur(50)},
		"transfer-rejected.v1": bank.TransferRejected{Transfer: trip, From: grace, Amount: eur(5), Rejection: refused},
		"transfer-returned.v1": bank.TransferReturned{Movement: in, Transfer: trip, To: grace, Rejection: refused},
		"transfer-sent.v1": bank.TransferSent{Movement: out, Transfer: trip, To: grace, Details: noted,
			EffectiveAt: effective},
		"transfer-sent.v1.reversal": bank.TransferSent{Movement: out, Transfer: trip, To: grace,
			Details:  bank.Details{Memo: "mistake"},
			Reverses: &bank.TransferReversal{Transfer: earlier, Version: 2, Remaining: eur(3), Reason: "mistake"}},
		"transfer-received.v1": bank.TransferReceived{Movement: in, Transfer: trip, From: grace, Details: noted,
			EffectiveAt: effective},
		"transfer-received.v1.reversal": bank.TransferReceived{Movement: in, Transfer: trip, From: grace,
			Reverses: earlier},
	}
}
