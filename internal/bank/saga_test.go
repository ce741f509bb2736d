package bank_test

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

// fact is one event of the whole bank's log.
type fact struct {
	account bank.AccountID
	version int64
	key     string
	event   bank.Event
	at      time.Time
}

// world is a bank of many accounts: one log, and accounts that are folded from
// it. Whatever has to follow from an event is done by next, or is lost, late
// or done again.
type world struct {
	*rapid.T
	now      time.Time
	log      []fact
	streams  map[bank.AccountID][]fact
	accounts map[bank.AccountID]bank.Account
}

// execute is what an account's actor does: a key always gets its first answer.
func (w *world) execute(id bank.AccountID, key string, c bank.Command) (bank.Event, *bank.Refusal) {
	for _, f := range w.streams[id] {
		if f.key == key {
			if fields := bank.Conflicts(f.event, c); len(fields) > 0 {
				w.Fatalf("%+v under %s differs in %v from what made %+v", c, key, fields, f.event)
			}
			return f.event, nil
		}
	}
	account := w.account(id)
	in := bank.Circumstances{Now: w.now, Caller: "somebody", Key: key}
	if version := account.RequiredVersion(c); version != 0 {
		in.Past = w.streams[id][version-1].event
	}
	if id, version, elsewhere := bank.WholeOf(in.Past); elsewhere {
		in.Whole = w.streams[id][version-1].event
	}
	if key := account.ExpiryKey(c); key != "" {
		for _, f := range w.streams[id] {
			if f.key == key {
				in.Expiry = f.event
			}
		}
	}
	if len(bank.Parties(c, account, in)) > 0 && rapid.Bool().Draw(w.T, "in one step") {
		return w.executeTogether(id, c, in)
	}
	event, broken := judged(w, account, c, in)
	if len(broken) > 0 {
		w.checkReversal(account, c, in.Past, broken[0].Code)
		return nil, broken[0]
	}
	w.checkReversal(account, c, in.Past, "")
	checkFact(w, account, event, c, w.now)
	w.happen(id, key, event)
	w.checkEverything()
	return event, nil
}

// executeTogether is what is done for accounts that the log can write to at once.
func (w *world) executeTogether(id bank.AccountID, c bank.Command, in bank.Circumstances) (bank.Event, *bank.Refusal) {
	party := func(id bank.AccountID) bank.Party { return bank.Party{Account: w.account(id), Now: w.now} }
	decided, broken := bank.DecideTogether(c, id, party, in)
	if len(broken) > 0 {
		w.checkReversal(w.account(id), c, in.Past, broken[0].Code)
		return nil, broken[0]
	}
	w.checkReversal(w.account(id), c, in.Past, "")
	checkDecided(w, c, decided, party)
	var answer bank.Event
	for _, d := range decided {
		key := in.Key
		if d.Step != nil {
			key, _ = bank.SystemKey(d.Step)
		} else {
			answer = d.Event
		}
		w.happen(d.Account, key, d.Event)
	}
	w.checkEverything()
	return answer, nil
}

// happen writes what an account decided.
func (w *world) happen(id bank.AccountID, key string, event bank.Event) {
	account := w.account(id)
	w.accounts[id] = account.Apply(event, w.now)
	f := fact{account: id, version: account.Version + 1, key: key, event: event, at: w.now}
	w.log, w.streams[id] = append(w.log, f), append(w.streams[id], f)
}

func (w *world) account(id bank.AccountID) bank.Account {
	account := w.accounts[id]
	account.ID = id
	return account
}

// checkReversal: a reversal is never reversed.
func (w *world) checkReversal(account bank.Account, c bank.Command, past bank.Event, answer bank.Code) {
	reverse, ok := c.(bank.Reverse)
	if !ok || !account.IsOpen() || account.IsClosed() {
		return
	}
	_, again := past.(bank.TransactionReversed)
	received, ok := past.(bank.TransferReceived)
	again = again || ok && received.Reverses != ""
	sent, ok := past.(bank.TransferSent)
	again = again || ok && sent.Reverses != nil
	leg, ok := past.(bank.LegPosted)
	again = again || ok && leg.Reverses != nil
	if again && answer != bank.NotReversible {
		w.Fatalf("%+v of the reversal %+v is answered with %q", reverse, past, answer)
	}
}

// follow does what follows from an event, for the first time or once more.
func (w *world) follow(f fact) {
	next, follows := bank.NextStep(f.account, f.version, f.at, f.event)
	if !follows || !next.Due.IsZero() {
		return
	}
	id, c := next.Account, next.Command
	key, own := bank.SystemKey(c)
	if !own {
		w.Fatalf("%+v has no key of the bank's", c)
	}
	if _, refusal := w.execute(id, key, c); refusal != nil {
		w.Fatalf("%+v, which follows from %+v, is refused with %+v", c, f.event, *refusal)
	}
}

// ids are the accounts of the worlds: the last is never opened.
var ids = []bank.AccountID{ada, grace, bank.NewAccountID("edsger", "1"), bank.NewAccountID("barbara", "1"),
	bank.NewAccountID("never opened", "1")}

func newWorld(t *rapid.T) *world {
	w := &world{T: t, now: at(0), streams: make(map[bank.AccountID][]fact),
		accounts: make(map[bank.AccountID]bank.Account)}
	for i, id := range ids[:4] {
		currency := bank.Currency("EUR")
		if i == 3 {
			currency = "USD"
		}
		w.must(id, "open", bank.OpenAccount{Owner: "o", Currency: currency})
		w.must(id, "salary", bank.Deposit{Amount: bank.Money{Minor: 100, Currency: currency}})
	}
	return w
}

func (w *world) must(id bank.AccountID, key string, c bank.Command) {
	if _, refusal := w.execute(id, key, c); refusal != nil {
		w.Fatalf("%+v: %+v", c, *refusal)
	}
}

// anything is one thing that a client may ask of an account. What is drawn is
// often near an end of its range: there stand transfers and their reversals.
func (w *world) anything(id bank.AccountID) bank.Command {
	account := w.account(id)
	sum := bank.Money{Minor: rapid.Int64Range(1, 150).Draw(w.T, "amount"), Currency: account.Currency}
	if !account.IsOpen() {
		sum.Currency = "EUR"
	}
	switch rapid.IntRange(0, 23).Draw(w.T, "kind") {
	case 20, 21, 22:
		return w.posting(id)
	case 0, 2, 3:
		return bank.Reverse{Transaction: w.transaction(id), Reason: "r"}
	case 4, 5:
		return bank.Reverse{Transaction: w.transaction(id), Amount: &sum, Reason: "r"}
	case 6:
		return bank.Deposit{Amount: sum}
	case 7:
		return bank.Withdraw{Amount: sum}
	case 8:
		scope := rapid.IntRange(1, 3).Draw(w.T, "scope")
		return bank.FreezeAccount{Debits: scope&1 != 0, Credits: scope&2 != 0, Reason: "r"}
	case 9, 10:
		return bank.UnfreezeAccount{}
	case 11:
		return bank.CloseAccount{}
	case 12:
		overdraft := bank.Money{Minor: rapid.Int64Range(0, 200).Draw(w.T, "overdraft"), Currency: sum.Currency}
		return bank.SetLimits{Limits: bank.Limits{Overdraft: overdraft}}
	case 13:
		return bank.PlaceHold{Amount: sum, ExpiresAt: w.now.Add(time.Hour)}
	case 14:
		return bank.CaptureHold{Hold: rapid.Int64Range(1, account.Version+1).Draw(w.T, "hold")}
	case 15:
		return bank.OpenAccount{Owner: "o", Currency: "EUR"}
	default:
		return bank.SendTransfer{To: rapid.SampledFrom(ids).Draw(w.T, "to"), Amount: sum}
	}
}

// posting is a transaction with 2 to 6 legs of any accounts, the first a debit of its own; it sums to zero, mostly.
func (w *world) posting(id bank.AccountID) bank.Command {
	legs := []bank.Leg{}
	for range rapid.IntRange(1, 3).Draw(w.T, "pairs") {
		sum := bank.Money{Minor: rapid.Int64Range(1, 60).Draw(w.T, "amount of a leg"), Currency: "EUR"}
		if account := w.account(id); account.IsOpen() && rapid.IntRange(0, 9).Draw(w.T, "in euros") > 0 {
			sum.Currency = account.Currency
		}
		from := id
		if len(legs) > 0 {
			from = rapid.SampledFrom(ids).Draw(w.T, "from")
		}
		legs = append(legs, outOf(from, sum), into(rapid.SampledFrom(ids).Draw(w.T, "into"), sum))
	}
	if rapid.IntRange(0, 9).Draw(w.T, "unequal") == 0 {
		legs[1].Amount.Minor++
	}
	return postingOf(legs...)
}

// transaction is the version of one to reverse, mostly of a transfer that came
// in: those are reversed by transfers.
func (w *world) transaction(id bank.AccountID) int64 {
	var received []int64
	for _, f := range w.streams[id] {
		switch f.event.(type) {
		case bank.TransferReceived, bank.LegPosted:
			received = append(received, f.version)
		}
	}
	if len(received) > 0 && rapid.IntRange(0, 3).Draw(w.T, "a transfer") > 0 {
		return rapid.SampledFrom(received).Draw(w.T, "received")
	}
	return rapid.Int64Range(1, w.account(id).Version+1).Draw(w.T, "transaction")
}

// TestMoneyIsNeverLostBetweenAccounts interleaves what clients ask with the
// steps of transfers, which are lost, late and repeated as if the bank died at
// any point, and then lets them all come to their end.
func TestMoneyIsNeverLostBetweenAccounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for i := range rapid.SampledFrom(lengths).Draw(t, "steps") {
			w.now = w.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour}).Draw(t, "later"))
			if rapid.IntRange(0, 2).Draw(t, "who") > 0 {
				recent := w.log[max(0, len(w.log)-rapid.SampledFrom([]int{2, 10, 100}).Draw(t, "how late")):]
				w.follow(rapid.SampledFrom(recent).Draw(t, "after"))
				continue
			}
			id := ids[rapid.IntRange(0, 3).Draw(t, "account")]
			key, c := fmt.Sprint("key ", i), w.anything(id)
			event, refusal := w.execute(id, key, c)
			for refusal == nil && rapid.IntRange(0, 3).Draw(t, "sent again") == 0 {
				if again, _ := w.execute(id, key, c); !reflect.DeepEqual(again, event) {
					t.Fatalf("%+v, sent again, became %+v, it was %+v", c, again, event)
				}
			}
		}
		for done := 0; done < len(w.log); done++ { // the log grows by what follows
			w.follow(w.log[done])
		}
		ended := len(w.log)
		for _, f := range slices.Clone(w.log) {
			w.follow(f)
		}
		if len(w.log) != ended {
			t.Fatalf("steps that were done happened again: %+v", w.log[ended:])
		}
		w.checkTheEnd()
	})
}

// checkEverything holds after each event.
func (w *world) checkEverything() {
	ledgers, transit := make(map[string]*big.Int), make(map[bank.Currency]*big.Int)
	cash := make(map[bank.Currency]*big.Int)
	for _, f := range w.log {
		for _, p := range f.event.PostingLines() {
			sum(ledgers, p.LedgerAccount, p.Amount.Minor)
			switch bank.LedgerKind(p.LedgerAccount) {
			case "transit":
				sum(transit, p.Amount.Currency, p.Amount.Minor)
			case "cash", "settlement":
				sum(cash, p.Amount.Currency, -p.Amount.Minor)
			}
		}
	}
	money := make(map[bank.Currency]*big.Int)
	for id, account := range w.accounts {
		if balance := whole(account.Balance.Minor); balance.Cmp(sum(ledgers, bank.CustomerLedger(id), 0)) != 0 {
			w.Fatalf("%s has %s, its postings sum to %s", id, balance, ledgers[bank.CustomerLedger(id)])
		}
		if account.Balance.Minor < -account.Limits.Overdraft.Minor || account.Available(w.now).Minor < 0 {
			w.Fatalf("%s is overdrawn: %+v", id, account)
		}
		if account.IsOpen() {
			sum(money, account.Currency, account.Balance.Minor)
		}
	}
	for currency, held := range transit {
		if held.Sign() < 0 {
			w.Fatalf("in transit: %s minor units of %s", held, currency)
		}
	}
	for currency, total := range cash { // transfers change nothing about what the bank owes in all
		if owed := new(big.Int).Add(sum(money, currency, 0), sum(transit, currency, 0)); owed.Cmp(total) != 0 {
			w.Fatalf("customers and transit have %s %s, paid in were %s", owed, currency, total)
		}
	}
	w.checkTransfers(false)
	w.checkReversals()
	w.checkLegs()
}

// sum adds to a sum, and returns it.
func sum[K comparable](sums map[K]*big.Int, of K, minor int64) *big.Int {
	if sums[of] == nil {
		sums[of] = new(big.Int)
	}
	return sums[of].Add(sums[of], whole(minor))
}
