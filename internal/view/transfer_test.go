package view_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/viewtest"
)

func euro(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "EUR"} }

// filed are the records of a log that are indexed under a key.
func filed(t *testing.T, b *viewtest.Log, key string) []contract.Record {
	t.Helper()
	accounts := make(map[bank.AccountID]view.Account)
	var records []contract.Record
	for _, r := range b.Records {
		account, effect, err := view.Fold(accounts[r.Account], r)
		if err != nil {
			t.Fatal(err)
		}
		accounts[r.Account] = account
		for _, reference := range view.ReferencesOf(r, effect.Subjects) {
			if reference.Key == key {
				records = append(records, reference.Record)
			}
		}
	}
	return records
}

func transferOf(t *testing.T, b *viewtest.Log, id bank.TransferID) view.Transfer {
	t.Helper()
	transfer, err := view.TransferOf(id, filed(t, b, bank.TransferSubject(id)))
	if err != nil {
		t.Fatal(err)
	}
	return transfer
}

// couple are two accounts, the first with 100.00.
func couple(t *testing.T) (b *viewtest.Log, ada, grace bank.AccountID) {
	b = viewtest.NewLog(t)
	b.Step = time.Second
	ada = b.Open(bank.OpenAccount{Owner: "ada", Currency: "EUR"})
	grace = b.Open(bank.OpenAccount{Owner: "grace", Currency: "EUR"})
	b.Do(ada, bank.Deposit{Amount: euro(10000)})
	return b, ada, grace
}

func TestATransferFromSendingToArrival(t *testing.T) {
	b, ada, grace := couple(t)
	at, yesterday := b.Now, b.Now.Add(-time.Second)
	rent := bank.Details{Reference: "rent"}
	b.Do(ada, bank.SendTransfer{To: grace, Amount: euro(2500), Details: rent, EffectiveAt: yesterday})
	sent := bank.TransferSent{Transfer: bank.NewTransferID(ada, b.Records[3].Key), To: grace,
		Movement: bank.Movement{Amount: euro(2500)}, Details: rent, EffectiveAt: yesterday}
	want := view.Transfer{ID: sent.Transfer, From: ada, To: grace, Amount: euro(2500), Reversed: euro(0),
		Status: view.TransferPending, SentVersion: 3, SentAt: at, EffectiveAt: yesterday, Details: rent, Caller: "teller"}
	if got := transferOf(t, b, sent.Transfer); !reflect.DeepEqual(got, want) {
		t.Errorf("on its way:\n%+v, want\n%+v", got, want)
	}
	b.Deliver(ada, sent)
	want.Status, want.ReceivedVersion, want.EndedAt = view.TransferCompleted, 2, at.Add(time.Second)
	if got := transferOf(t, b, sent.Transfer); !reflect.DeepEqual(got, want) {
		t.Errorf("at its end:\n%+v, want\n%+v", got, want)
	}
}

func TestATransferThatComesBack(t *testing.T) {
	b, ada, grace := couple(t)
	b.Do(grace, bank.CloseAccount{})
	sent := b.Send(ada, grace, euro(2500))
	b.Deliver(ada, sent)
	got := transferOf(t, b, sent.Transfer)
	if got.Status != view.TransferWentBack || got.Rejection == nil || got.Rejection.Code != bank.ClosedAccount ||
		got.ReceivedVersion != 0 || got.EndedAt.IsZero() {
		t.Errorf("returned: %+v", got)
	}
	rejected, err := view.TransferOf(sent.Transfer, filed(t, b, bank.TransferSubject(sent.Transfer))[:2])
	if err != nil || rejected.Status != view.TransferPending || rejected.Rejection == nil {
		t.Errorf("rejected and not back yet: %+v (%v)", rejected, err)
	}
}

func TestATransferThatIsPaidBack(t *testing.T) {
	b, ada, grace := couple(t)
	sent := b.Send(ada, grace, euro(2500))
	b.Deliver(ada, sent)
	part := euro(1000)
	first := b.Reverse(grace, 2, &part)
	if got := transferOf(t, b, sent.Transfer); got.Reversed != euro(0) || got.Status != view.TransferCompleted {
		t.Errorf("before a part is back: %+v", got)
	}
	b.Deliver(grace, first)
	if got := transferOf(t, b, sent.Transfer); got.Reversed != euro(1000) || got.From != ada || got.Amount != euro(2500) {
		t.Errorf("with a part back: %+v", got)
	}
	b.Do(ada, bank.FreezeAccount{Credits: true, Reason: "court order"})
	second := b.Reverse(grace, 2, nil)
	if b.Deliver(grace, second) {
		t.Fatal("a frozen account took money")
	}
	if got := transferOf(t, b, sent.Transfer); got.Reversed != euro(1000) {
		t.Errorf("after a part that did not arrive: %+v", got)
	}
	back := transferOf(t, b, first.Transfer)
	if back.Reverses != sent.Transfer || back.From != grace || back.Amount != euro(1000) {
		t.Errorf("the part itself: %+v", back)
	}
	if records := filed(t, b, bank.ReversalSubject(grace, 2)); len(records) != 3 {
		t.Errorf("%d records of reversals, want two that were sent and one that came back", len(records))
	}
}

func TestNoTransfer(t *testing.T) {
	if got, err := view.TransferOf("trf_none", nil); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("%+v (%v), want ErrNotFound", got, err)
	}
	if got, err := view.HoldOf(nil, time.Time{}); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("%+v (%v), want ErrNotFound", got, err)
	}
}

func TestHolds(t *testing.T) {
	part := euro(3000)
	type commands []bank.Command
	capture, release := bank.CaptureHold{Hold: 3}, bank.ReleaseHold{Hold: 3}
	capturePart := bank.CaptureHold{Hold: 3, Amount: &part}
	captureLast := bank.CaptureHold{Hold: 3, Amount: &part, ReleaseRest: true}
	for name, test := range map[string]struct {
		steps                         commands
		later                         time.Duration
		captured, released, remaining int64
		status                        view.HoldStatus
	}{
		"placed":                              {nil, 0, 0, 0, 5000, view.HoldActive},
		"captured":                            {commands{capture}, 0, 5000, 0, 0, view.HoldCaptured},
		"captured in part":                    {commands{capturePart}, 0, 3000, 0, 2000, view.HoldActive},
		"captured in part, the rest released": {commands{captureLast}, 0, 3000, 2000, 0, view.HoldCaptured},
		"captured in part, then released":     {commands{capturePart, release}, 0, 3000, 2000, 0, view.HoldReleased},
		"captured in two parts":               {commands{capturePart, capture}, 0, 5000, 0, 0, view.HoldCaptured},
		"released":                            {commands{release}, 0, 0, 5000, 0, view.HoldReleased},
		"its time is over":                    {nil, bank.DefaultHoldTime, 0, 5000, 0, view.HoldExpired},
		"captured in part, its time is over":  {commands{capturePart}, bank.DefaultHoldTime, 3000, 2000, 0, view.HoldExpired},
		"captured before its time was over":   {commands{capture}, bank.DefaultHoldTime, 5000, 0, 0, view.HoldCaptured},
		"a moment before its time is over":    {nil, bank.DefaultHoldTime - time.Microsecond, 0, 0, 5000, view.HoldActive},
	} {
		t.Run(name, func(t *testing.T) {
			b, ada, _ := couple(t)
			placed := b.Do(ada, bank.PlaceHold{Amount: euro(5000), Details: bank.Details{Memo: "hotel"}})
			for _, step := range test.steps {
				b.Do(ada, step)
			}
			got, err := view.HoldOf(filed(t, b, bank.HoldSubject(ada, 3)), placed.At.Add(test.later))
			want := view.Hold{Account: ada, Version: 3, Status: test.status, Amount: euro(5000),
				Captured: euro(test.captured), Released: euro(test.released), Remaining: euro(test.remaining),
				PlacedAt: placed.At, ExpiresAt: placed.At.Add(bank.DefaultHoldTime),
				Details: bank.Details{Memo: "hotel"}}
			switch test.status {
			case view.HoldExpired:
				want.EndedAt = want.ExpiresAt
			case view.HoldActive:
			default:
				want.EndedAt = b.Records[len(b.Records)-1].At
			}
			if err != nil || got != want {
				t.Errorf("hold is\n%+v (%v), want\n%+v", got, err, want)
			}
		})
	}
}

func TestAnExpiryThatIsNotedLater(t *testing.T) {
	b, ada, _ := couple(t)
	placed := b.Do(ada, bank.PlaceHold{Amount: euro(5000)})
	b.Now = b.Now.Add(2 * bank.DefaultHoldTime)
	before, _ := view.HoldOf(filed(t, b, bank.HoldSubject(ada, 3)), b.Now)
	b.Do(ada, bank.ExpireHold{Hold: placed.Version})
	after, err := view.HoldOf(filed(t, b, bank.HoldSubject(ada, 3)), b.Now)
	if err != nil || before != after || after.Status != view.HoldExpired {
		t.Errorf("before it was noted\n%+v, and after\n%+v (%v)", before, after, err)
	}
}

func TestATransferInOneStep(t *testing.T) {
	b, ada, grace := couple(t)
	at := b.Now
	now := b.DoTogether(ada, bank.SendTransfer{To: grace, Amount: euro(2500)})
	id := bank.NewTransferID(ada, now[0].Key)
	want := view.Transfer{ID: id, From: ada, To: grace, Amount: euro(2500), Reversed: euro(0), Caller: "teller",
		Status: view.TransferCompleted, SentVersion: 3, SentAt: at, EffectiveAt: at, EndedAt: at}
	alone, err := view.TransferOf(id, now[:1])
	if err != nil || !reflect.DeepEqual(alone, want) {
		t.Errorf("from its sending alone:\n%+v (%v), want\n%+v", alone, err, want)
	}
	want.ReceivedVersion = 2
	if got := transferOf(t, b, id); !reflect.DeepEqual(got, want) {
		t.Errorf("it is\n%+v, want\n%+v", got, want)
	}
	b.DoTogether(grace, bank.Reverse{Transaction: 2, Reason: "by mistake"})
	if got := transferOf(t, b, id); got.Reversed != euro(2500) || got.Status != view.TransferCompleted {
		t.Errorf("paid back: %+v", got)
	}
}

func TestATransferThatComesBackInOneStep(t *testing.T) {
	b, ada, grace := couple(t)
	b.Do(grace, bank.CloseAccount{})
	at := b.Now
	now := b.DoTogether(ada, bank.SendTransfer{To: grace, Amount: euro(2500)})
	got := transferOf(t, b, bank.NewTransferID(ada, now[0].Key))
	if got.Status != view.TransferWentBack || got.Rejection == nil || got.Rejection.Code != bank.ClosedAccount ||
		!got.EndedAt.Equal(at) || b.Accounts[ada].Balance != euro(10000) || len(now) != 2 {
		t.Errorf("it is %+v", got)
	}
}
