package bank_test

import (
	"reflect"
	"slices"
	"testing"

	"corebank/internal/bank"
)

// TestWhatTheBankDoesByItself is the process that carries a transfer and ends a hold: given an event of an account,
// then this command goes to that account.
func TestWhatTheBankDoesByItself(t *testing.T) {
	details := bank.Details{Reference: "rent", Memo: "March", ExternalID: "7"}
	noted := sent(eur(5_00), eur(0))
	noted.Details, noted.EffectiveAt = details, at(1)
	refund := paidBack(3, 1, 0, 0)
	for name, p := range map[string]struct {
		given bank.Event // version 4 of Ada's account
		then  bank.Step
	}{
		"money was sent": {given: noted, then: bank.Step{Account: grace, Command: bank.ReceiveTransfer{
			Transfer: trip, From: ada, Amount: eur(5_00), Details: details, EffectiveAt: at(1), SentAt: at(7)}}},
		"money was sent back": {given: refund, then: bank.Step{Account: refund.To, Command: bank.ReceiveTransfer{
			Transfer: refund.Transfer, From: ada, Amount: refund.Amount, Details: refund.Details,
			Reverses: refund.Reverses.Transfer, SentAt: at(7)}}},
		"money arrived": {given: received(eur(1), eur(1)),
			then: bank.Step{Account: grace, Command: completeIt}},
		"money was not taken": {
			given: bank.TransferRejected{Transfer: trip, From: grace, Amount: eur(1), Rejection: closedThere, Details: details,
				SentAt: at(2)},
			then: bank.Step{Account: grace, Command: bank.ReturnTransfer{Transfer: trip, Rejection: closedThere,
				Details: details, SentAt: at(2)}},
		},
		"a hold was placed": {given: placed(eur(1), at(9)),
			then: bank.Step{Account: ada, Command: bank.ExpireHold{Hold: 4}, Due: at(9)}},
		"a hold was prolonged": {given: adjusted(3, 2, 2, at(60), "expiresAt"),
			then: bank.Step{Account: ada, Command: bank.ExpireHold{Hold: 3}, Due: at(60)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, follows := bank.NextStep(ada, 4, at(7), p.given)
			if !follows || !reflect.DeepEqual(got, p.then) {
				t.Errorf("then\n%+v (%t), want\n%+v", got, follows, p.then)
			}
			if _, own := bank.SystemKey(got.Command); !own {
				t.Errorf("%+v has no idempotency key of the bank's own", got.Command)
			}
		})
	}
}

// TestWhatEndsTheProcess: nothing follows from any other event.
func TestWhatEndsTheProcess(t *testing.T) {
	going := []string{"sent", "paid back", "received", "rejected", "held", "adjusted"}
	all := wholeEvents()
	arrived, returned, atOnce := sent(eur(1), eur(0)), sent(eur(1), eur(0)), received(eur(1), eur(1))
	arrived.End, returned.End, atOnce.AtOnce = bank.EndArrived, bank.EndReturned, true
	all["sent and arrived"], all["sent and returned"], all["received at once"] = arrived, returned, atOnce
	for name, e := range all {
		if next, follows := bank.NextStep(ada, 4, at(7), e); follows != slices.Contains(going, name) {
			t.Errorf("%s: %+v follows", name, next)
		}
	}
}
