package bank_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
)

// wholeEvents has at least one valid event of each kind.
func wholeEvents() map[string]bank.Event {
	return map[string]bank.Event{
		"opened":         opened("EUR"),
		"updated":        bank.AccountUpdated{Changed: []string{"name"}},
		"closed":         bank.AccountClosed{},
		"frozen":         frozenDebits,
		"unfrozen":       bank.AccountUnfrozen{},
		"without limits": overdraft(0),
		"limited": bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(1),
			PerTransaction: amount(1), PerDay: amount(1)}},
		"claimed":   bank.ExternalIDClaimed{ExternalID: "7", Account: ada},
		"deposited": deposited(eur(1), eur(1)),
		"emptied":   withdrawn(eur(1), eur(0)),
		"overdrawn": withdrawn(eur(1), eur(-1)),
		"held":      placed(eur(1), at(9)),
		"adjusted":  adjusted(1, 3, 2, at(9), "amount"),
		"captured":  captured(1, eur(1), eur(0), 0, 0),
		"released":  bank.HoldReleased{Hold: 1, Amount: eur(1)},
		"expired":   bank.HoldExpired{Hold: 1, Amount: eur(1)},
		"sent":      sent(eur(1), eur(0)),
		"paid back": paidBack(1, 1, 0, 0),
		"received":  received(eur(1), eur(1)),
		"rejected":  rejected(bank.ClosedAccount),
		"completed": completed(eur(1)),
		"returned":  returned(eur(1), eur(1)),
		"reversed":  undone(1, -1, 0, 0, "cash"),
		"posted":    wholeLeg(),
		"undone":    undoneLeg(),
		"in a currency that is no longer active": deposited(
			bank.Money{Minor: 1, Currency: "DEM"}, bank.Money{Minor: 1, Currency: "DEM"}),
	}
}

// wholeLeg is a leg that has all of them, and undoneLeg one that another account's has, and that undoes an earlier one.
func wholeLeg() bank.LegPosted {
	e := leg(1, 2, eur(-1), eur(0))
	e.Legs = []bank.PostedLeg{placedLeg(ada, 4, eur(-1)), placedLeg(grace, 2, eur(1))}
	return e
}

func undoneLeg() bank.LegPosted {
	e := undoing(2, 2, eur(1), eur(1), 1)
	e.Home = &bank.EventAt{Account: grace, Version: 3}
	return e
}

func TestEventsSayAllThatTheyMust(t *testing.T) {
	moneyBack := moved(eur(1), eur(1), "transit")
	for name, e := range wholeEvents() {
		if err := bank.CheckEvent(e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	change := func(e bank.TransferSent, change func(*bank.TransferSent)) bank.Event {
		change(&e)
		return e
	}
	mine := func(e bank.TransferReceived, change func(*bank.TransferReceived)) bank.Event {
		change(&e)
		return e
	}
	capture := func(change func(*bank.HoldCaptured)) bank.Event {
		e := captured(1, eur(1), eur(0), 0, 0)
		change(&e)
		return e
	}
	undo := func(change func(*bank.TransactionReversed)) bank.Event {
		e := undone(1, -1, 0, 0, "cash")
		change(&e)
		return e
	}
	one := func(change func(*bank.LegPosted)) bank.Event {
		e := wholeLeg()
		change(&e)
		return e
	}
	for name, e := range map[string]bank.Event{
		"a leg of no transaction":    one(func(e *bank.LegPosted) { e.Journal = "jnl_1" }),
		"leg 0":                      one(func(e *bank.LegPosted) { e.Number = 0 }),
		"leg 3 of 2":                 one(func(e *bank.LegPosted) { e.Number = 3 }),
		"a leg without the others":   one(func(e *bank.LegPosted) { e.Legs = e.Legs[:1] }),
		"a leg of a whole nowhere":   one(func(e *bank.LegPosted) { e.Legs, e.Home = nil, &bank.EventAt{Account: ada} }),
		"a leg that has two wholes":  one(func(e *bank.LegPosted) { e.Home = &bank.EventAt{Account: ada, Version: 1} }),
		"a leg beside one of zero":   one(func(e *bank.LegPosted) { e.Legs[1].Amount.Minor = 0 }),
		"a leg beside one nowhere":   one(func(e *bank.LegPosted) { e.Legs[1].Account = "" }),
		"a leg beside one never":     one(func(e *bank.LegPosted) { e.Legs[1].Version = 0 }),
		"a leg that undoes what":     one(func(e *bank.LegPosted) { e.Reverses = &bank.LegReversal{Version: 1} }),
		"a leg that undoes when":     one(func(e *bank.LegPosted) { e.Reverses = &bank.LegReversal{Journal: split} }),
		"a leg of nothing":           one(func(e *bank.LegPosted) { e.Movement = bank.Movement{} }),
		"nothing at all":             nil,
		"an opening by no owner":     bank.AccountOpened{Currency: "EUR", Kind: bank.Current},
		"an opening in nothing":      bank.AccountOpened{Owner: "Ada Lovelace", Kind: bank.Current},
		"an opening of no kind":      bank.AccountOpened{Owner: "Ada Lovelace", Currency: "EUR"},
		"a deposit of zero":          deposited(eur(0), eur(1)),
		"a negative deposit":         bank.MoneyDeposited{Movement: bank.Movement{Amount: eur(-1), Balance: eur(1)}},
		"a deposit in nothing":       deposited(bank.Money{Minor: 1}, bank.Money{Minor: 1}),
		"a deposit to no balance":    bank.MoneyDeposited{Movement: bank.Movement{Amount: eur(1)}},
		"dollars made of euros":      deposited(eur(1), usd(1)),
		"a freeze without a reason":  bank.AccountFrozen{Debits: true},
		"a freeze of nothing":        bank.AccountFrozen{Reason: "r"},
		"an overdraft below zero":    overdraft(-1),
		"an overdraft in nothing":    bank.LimitsSet{},
		"a limit of nothing":         limited(nil, amount(0)),
		"a limit in dollars":         limited(&bank.Money{Minor: 1, Currency: "USD"}, nil),
		"a claim to nothing":         bank.ExternalIDClaimed{Account: ada},
		"a claim of no account":      bank.ExternalIDClaimed{ExternalID: "7", Account: "7"},
		"a hold that never ends":     bank.HoldPlaced{Amount: eur(1)},
		"a hold of nothing":          placed(eur(0), at(1)),
		"a hold in nothing":          placed(bank.Money{Minor: 1}, at(1)),
		"a capture of no hold":       capture(func(e *bank.HoldCaptured) { e.Hold = 0 }),
		"a capture that leaves what": capture(func(e *bank.HoldCaptured) { e.Remaining = bank.Money{} }),
		"a capture that frees what":  capture(func(e *bank.HoldCaptured) { e.Released = usd(0) }),
		"a capture of nothing":       capture(func(e *bank.HoldCaptured) { e.Amount.Minor = 0 }),
		"the release of no hold":     bank.HoldReleased{Amount: eur(1)},
		"the release of nothing":     bank.HoldReleased{Hold: 1, Amount: eur(0)},
		"the expiry of nothing":      bank.HoldExpired{Hold: 1},
		"a transfer without an id":   change(sent(eur(1), eur(0)), func(e *bank.TransferSent) { e.Transfer = "" }),
		"a transfer to no account":   change(sent(eur(1), eur(0)), func(e *bank.TransferSent) { e.To = "" }),
		"a transfer of nothing":      change(sent(eur(1), eur(0)), func(e *bank.TransferSent) { e.Amount = bank.Money{} }),
		"a transfer that ends how":   change(sent(eur(1), eur(0)), func(e *bank.TransferSent) { e.End = "LOST" }),
		"a payment back of what":     change(paidBack(1, 1, 0, 0), func(e *bank.TransferSent) { e.Reverses.Transfer = "" }),
		"a payment back of when":     change(paidBack(0, 1, 0, 0), func(*bank.TransferSent) {}),
		"a receipt without an id":    mine(received(eur(1), eur(1)), func(e *bank.TransferReceived) { e.Transfer = "" }),
		"a receipt from no account":  mine(received(eur(1), eur(1)), func(e *bank.TransferReceived) { e.From = "" }),
		"a receipt of nothing":       mine(received(eur(1), eur(1)), func(e *bank.TransferReceived) { e.Amount.Minor = 0 }),
		"a rejection for no reason":  rejected(""),
		"a rejection of nothing":     bank.TransferRejected{Transfer: trip, From: grace, Rejection: closedThere},
		"a rejection without an id":  bank.TransferRejected{From: grace, Amount: eur(1), Rejection: closedThere},
		"the end of no transfer":     bank.TransferCompleted{To: grace, Amount: eur(1)},
		"an end nowhere":             bank.TransferCompleted{Transfer: trip, Amount: eur(1)},
		"an end of nothing":          bank.TransferCompleted{Transfer: trip, To: grace},
		"a return for no reason":     bank.TransferReturned{Movement: moneyBack, Transfer: trip, To: grace},
		"the return of no transfer":  bank.TransferReturned{Movement: moneyBack, To: grace, Rejection: closedThere},
		"a return of nothing":        bank.TransferReturned{Transfer: trip, To: grace, Rejection: closedThere},
		"a reversal of nothing":      undo(func(e *bank.TransactionReversed) { e.Transaction = 0 }),
		"a reversal that leaves":     undo(func(e *bank.TransactionReversed) { e.Remaining = bank.Money{} }),
		"a reversal by nothing":      undo(func(e *bank.TransactionReversed) { e.Movement = bank.Movement{} }),
		"an update of nothing":       bank.AccountUpdated{Name: "n"},
	} {
		if bank.CheckEvent(e) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// A repetition is an event, the command that made it, and how the same key
// might come again with another request.
type repetition struct {
	event  bank.Event
	same   bank.Command
	others byField
}

// byField are commands by the one field in which they differ from another.
type byField map[string]bank.Command

// paying are the ways in which requests to pay differ.
func paying(sum bank.Money, d bank.Details, at time.Time,
	make func(bank.Money, bank.Details, time.Time) bank.Command,
) byField {
	more, other, later := sum, usd(sum.Minor), at.Add(time.Minute)
	more.Minor++
	ref, memo, ext := d, d, d
	ref.Reference, memo.Memo, ext.ExternalID = "other", "other", ""
	return byField{"amount": make(more, d, at), "amount in another currency": make(other, d, at),
		"reference": make(sum, ref, at), "memo": make(sum, memo, at), "externalId": make(sum, ext, at),
		"effectiveAt": make(sum, d, later), "effectiveAt left out": make(sum, d, time.Time{})}
}

func repetitions() map[string]repetition {
	noted := bank.Details{Reference: "r", Memo: "m", ExternalID: "x"}
	in, out, trf := deposited(eur(5), eur(5)), withdrawn(eur(5), eur(0)), sent(eur(5), eur(0))
	in.Details, out.Details, trf.Details = noted, noted, noted
	in.EffectiveAt, out.EffectiveAt, trf.EffectiveAt = at(1), at(1), at(1)
	deposit := func(sum bank.Money, d bank.Details, at time.Time) bank.Command {
		return bank.Deposit{Amount: sum, Details: d, EffectiveAt: at}
	}
	withdraw := func(sum bank.Money, d bank.Details, at time.Time) bank.Command {
		return bank.Withdraw{Amount: sum, Details: d, EffectiveAt: at}
	}
	send := func(sum bank.Money, d bank.Details, at time.Time) bank.Command {
		return bank.SendTransfer{To: grace, Amount: sum, Details: d, EffectiveAt: at}
	}
	sending := paying(eur(5), noted, at(1), send)
	sending["toAccountId"] = bank.SendTransfer{To: ada, Amount: eur(5), Details: noted, EffectiveAt: at(1)}
	receive := bank.ReceiveTransfer{Transfer: trip, From: grace, Amount: eur(5)}
	return map[string]repetition{
		"deposit":    {in, deposit(eur(5), noted, at(1)), paying(eur(5), noted, at(1), deposit)},
		"withdrawal": {out, withdraw(eur(5), noted, at(1)), paying(eur(5), noted, at(1), withdraw)},
		"transfer":   {trf, send(eur(5), noted, at(1)), sending},
		"freeze": {frozenDebits, bank.FreezeAccount{Debits: true, Reason: "court order"}, byField{
			"scope":       bank.FreezeAccount{Debits: true, Credits: true, Reason: "court order"},
			"scope other": bank.FreezeAccount{Credits: true, Reason: "court order"},
			"reason":      bank.FreezeAccount{Debits: true, Reason: "fraud"}}},
		"unfreezing": {bank.AccountUnfrozen{Reason: "r"}, bank.UnfreezeAccount{Reason: "r"}, byField{
			"reason": bank.UnfreezeAccount{}}},
		"closing": {bank.AccountClosed{Reason: "r"}, bank.CloseAccount{Reason: "r"}, byField{
			"reason": bank.CloseAccount{}}},
		"receiving": {received(eur(5), eur(5)), receive, byField{
			"transfer": bank.ReceiveTransfer{From: grace, Amount: eur(5)},
			"from":     bank.ReceiveTransfer{Transfer: trip, Amount: eur(5)},
			"amount":   bank.ReceiveTransfer{Transfer: trip, From: grace, Amount: eur(6)}}},
		"rejecting": {rejected("x"), bank.ReceiveTransfer{Transfer: trip, From: grace, Amount: eur(1)}, byField{
			"transfer": bank.ReceiveTransfer{From: grace, Amount: eur(1)},
			"from":     bank.ReceiveTransfer{Transfer: trip, Amount: eur(1)},
			"amount":   bank.ReceiveTransfer{Transfer: trip, From: grace, Amount: eur(6)}}},
		"completing": {completed(eur(1)), completeIt, byField{"transfer": bank.CompleteTransfer{}}},
		"returning":  {returned(eur(1), eur(1)), returnIt, byField{"transfer": bank.ReturnTransfer{}}},
	}
}

func moreRepetitions() map[string]repetition {
	name, other, some, none := "n", "o", map[string]string{"k": "v"}, map[string]string{}
	noted := bank.Details{Reference: "r", Memo: "m", ExternalID: "x"}
	open := bank.OpenAccount{Owner: "Ada", Currency: "EUR", Name: "n", Kind: bank.Savings, ExternalID: "x", Metadata: some}
	fully := bank.AccountOpened{Owner: "Ada", Currency: "EUR", Name: "n", Kind: bank.Savings,
		ExternalID: "x", Metadata: some}
	renamed := bank.AccountUpdated{Changed: []string{"name"}, Name: "n", Metadata: some}
	described := bank.AccountUpdated{Changed: []string{"metadata"}, Name: "n", Metadata: some}
	opening := func(change func(*bank.OpenAccount)) bank.OpenAccount {
		c := open
		change(&c)
		return c
	}
	hold, week := placed(eur(5), at(60)), placed(eur(5), at(60))
	hold.Details, week.Defaulted = noted, true
	limit := func(overdraft bank.Money, perTransaction, perDay *bank.Money) bank.SetLimits {
		return bank.SetLimits{Limits: bank.Limits{Overdraft: overdraft, PerTransaction: perTransaction, PerDay: perDay}}
	}
	limits := limit(eur(1), amount(2), amount(3))
	capture := func(hold int64, sum *bank.Money, d bank.Details) bank.CaptureHold {
		return bank.CaptureHold{Hold: hold, Amount: sum, Details: d}
	}
	release := bank.ReleaseHold{Hold: 3, Reason: "r"}
	part := captured(3, eur(2), eur(0), 3, 0)
	part.Details = noted
	return map[string]repetition{
		"opening": {fully, open, byField{
			"owner":      opening(func(c *bank.OpenAccount) { c.Owner = "Grace" }),
			"currency":   opening(func(c *bank.OpenAccount) { c.Currency = "USD" }),
			"name":       opening(func(c *bank.OpenAccount) { c.Name = "" }),
			"kind":       opening(func(c *bank.OpenAccount) { c.Kind = "" }),
			"externalId": opening(func(c *bank.OpenAccount) { c.ExternalID = "" }),
			"metadata":   opening(func(c *bank.OpenAccount) { c.Metadata = none })}},
		"opening a current account": {opened("EUR"),
			bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Current}, nil},
		"renaming": {renamed, bank.UpdateAccount{Name: &name}, byField{
			"name":               bank.UpdateAccount{Name: &other},
			"metadata, also set": bank.UpdateAccount{Name: &name, Metadata: &some}}},
		"describing": {described, bank.UpdateAccount{Metadata: &some}, byField{
			"metadata":       bank.UpdateAccount{Metadata: &none},
			"name, also set": bank.UpdateAccount{Name: &name, Metadata: &some}}},
		"limits": {bank.LimitsSet{Limits: limits.Limits}, limits, byField{
			"overdraft":           limit(eur(0), amount(2), amount(3)),
			"overdraft dollars":   limit(usd(1), amount(2), amount(3)),
			"debitPerTransaction": limit(eur(1), nil, amount(3)),
			"debitPerDay":         limit(eur(1), amount(2), amount(4))}},
		"no limits": {overdraft(0), bank.SetLimits{}, byField{"overdraft": limit(usd(0), nil, nil)}},
		"hold": {hold, bank.PlaceHold{Amount: eur(5), ExpiresAt: at(60), Details: noted}, byField{
			"amount":             bank.PlaceHold{Amount: eur(6), ExpiresAt: at(60), Details: noted},
			"expiresAt":          bank.PlaceHold{Amount: eur(5), ExpiresAt: at(61), Details: noted},
			"expiresAt left out": bank.PlaceHold{Amount: eur(5), Details: noted},
			"reference": bank.PlaceHold{Amount: eur(5), ExpiresAt: at(60),
				Details: bank.Details{Memo: "m", ExternalID: "x"}}}},
		"hold for a week": {week, bank.PlaceHold{Amount: eur(5)}, byField{
			"expiresAt": bank.PlaceHold{Amount: eur(5), ExpiresAt: at(60)}}},
		"capture in part": {part, capture(3, amount(2), noted), byField{
			"holdId":      capture(4, amount(2), noted),
			"amount":      capture(3, amount(3), noted),
			"amount: all": capture(3, nil, noted),
			"releaseRest": bank.CaptureHold{Hold: 3, Amount: amount(2), ReleaseRest: true, Details: noted},
			"memo":        capture(3, amount(2), bank.Details{Reference: "r", ExternalID: "x"})}},
		"capture in full": {captured(3, eur(2), eur(0), 0, 0), bank.CaptureHold{Hold: 3}, byField{
			"amount": bank.CaptureHold{Hold: 3, Amount: amount(1)}}},
		"capture, releasing the rest": {captured(3, eur(2), eur(0), 0, 3),
			bank.CaptureHold{Hold: 3, Amount: amount(2), ReleaseRest: true},
			byField{"releaseRest": bank.CaptureHold{Hold: 3, Amount: amount(2)}}},
		"release": {bank.HoldReleased{Hold: 3, Amount: eur(1), Reason: "r"}, release, byField{
			"holdId": bank.ReleaseHold{Hold: 4, Reason: "r"}, "reason": bank.ReleaseHold{Hold: 3}}},
		"expiry": {bank.HoldExpired{Hold: 3, Amount: eur(1)}, bank.ExpireHold{Hold: 3}, byField{
			"holdId": bank.ExpireHold{Hold: 4}}},
		"reversal in part": {undone(2, -1, 0, 4, "cash"), reversePart(2, 1), byField{
			"transactionId": reversePart(3, 1), "amount": reversePart(2, 2), "amount: all": reverse(2),
			"reason": bank.Reverse{Transaction: 2, Amount: amount(1), Reason: "r"}}},
		"reversal": {undone(2, -1, 0, 0, "cash"), reverse(2), byField{"amount": reversePart(2, 2)}},
		"payment back": {paidBack(2, 1, 0, 4), reversePart(2, 1), byField{
			"transactionId": reversePart(3, 1), "amount": reversePart(2, 2), "amount: all": reverse(2),
			"reason": bank.Reverse{Transaction: 2, Amount: amount(1), Reason: "r"}}},
	}
}

// TestDifferencesNameTheFields: the same request again is the same, a field
// that differs is named, alone, and another command is another mutation.
func TestDifferencesNameTheFields(t *testing.T) {
	all := repetitions()
	for name, r := range moreRepetitions() {
		all[name] = r
	}
	for name, r := range legRepetitions() {
		all[name] = r
	}
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			if got := bank.Conflicts(r.event, r.same); len(got) > 0 {
				t.Errorf("the same request differs in %v", got)
			}
			for field, c := range r.others {
				want := named(field)
				if got := bank.Conflicts(r.event, c); !slices.Equal(got, []string{want}) {
					t.Errorf("%s: they differ in %v", field, got)
				}
			}
			for other, o := range all {
				differs := bank.Conflicts(r.event, o.same)
				if reflect.TypeOf(o.same) != reflect.TypeOf(r.same) && !slices.Equal(differs, []string{"mutation"}) {
					t.Errorf("%s instead: they differ in %v", other, differs)
				}
			}
		})
	}
	claim := bank.ExternalIDClaimed{ExternalID: "x", Account: ada}
	if got := bank.Conflicts(claim, bank.OpenAccount{}); !slices.Equal(got, []string{"mutation"}) {
		t.Errorf("a claim and an opening differ in %v", got)
	}
	got := bank.Conflicts(paidBack(2, 1, 0, 0), bank.SendTransfer{To: grace, Amount: eur(1)})
	if !slices.Equal(got, []string{"mutation"}) {
		t.Errorf("a payment back and a transfer differ in %v", got)
	}
}

// legRepetitions are requests for what several accounts do.
func legRepetitions() map[string]repetition {
	same := postingOf(outOf(ada, eur(1)), into(grace, eur(1)))
	same.Legs[1].Reference, same.Legs[1].Memo = "rent", "March"
	posted := wholeLeg()
	posted.Legs[1].Reference, posted.Legs[1].Memo = "0e9fd1596c4b", "9d95a2cf0d71"
	with := func(change func(*bank.Leg)) bank.Command {
		legs := slices.Clone(same.Legs)
		change(&legs[1])
		return postingOf(legs...)
	}
	step := bank.PostLeg{Journal: split, Number: 2, Of: 2, Credit: true, Amount: eur(1)}
	other, debited := step, step
	other.Amount, debited.Credit = eur(2), false
	home, asked := undoing(1, 2, eur(1), eur(1), 3), undoing(1, 2, eur(1), eur(1), 3)
	home.Legs, asked.Legs = wholeLeg().Legs, wholeLeg().Legs
	asked.Reverses = &bank.LegReversal{Journal: earlierSplit, Version: 3, Reason: "mistake", Asked: 5}
	return map[string]repetition{
		"posting": {posted, same, byField{
			"legs":             postingOf(same.Legs[0]),
			"legs.1.accountId": with(func(l *bank.Leg) { l.Account = edsger }),
			"legs.1.direction": with(func(l *bank.Leg) { l.Credit = false }),
			"legs.1.amount":    with(func(l *bank.Leg) { l.Amount = eur(2) }),
			"legs.1.reference": with(func(l *bank.Leg) { l.Reference = "" }),
			"legs.1.memo":      with(func(l *bank.Leg) { l.Memo = "April" })}},
		"a leg": {undoneLeg(), step, byField{"journal": bank.PostLeg{Number: 2, Credit: true, Amount: eur(1)},
			"number": bank.PostLeg{Journal: split, Number: 1, Credit: true, Amount: eur(1)}, "amount": other,
			"amount, the other way": debited}},
		"reversal of legs": {home, reverse(3), byField{"transactionId": reverse(5), "amount": reversePart(3, 1),
			"reason": bank.Reverse{Transaction: 3, Reason: "r"}}},
		"reversal of the leg that was asked for": {asked, reverse(5), byField{"transactionId": reverse(3)}},
	}
}

// named is the field's name without what is said of it.
func named(text string) string {
	if end := strings.IndexAny(text, " ,:"); end >= 0 {
		return text[:end]
	}
	return text
}
