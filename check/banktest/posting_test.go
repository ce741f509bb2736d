package banktest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"corebank/check/banktest"
	"corebank/internal/identity"
)

// leg is one leg of a posting, in euros: "-5.00" is a debit.
func leg(id, value string, notes ...string) map[string]any {
	in := map[string]any{"accountId": id, "direction": "CREDIT", "amount": banktest.EUR(value)}
	if paid, debit := strings.CutPrefix(value, "-"); debit {
		in["direction"], in["amount"] = "DEBIT", banktest.EUR(paid)
	}
	if len(notes) > 0 {
		in["reference"] = notes[0]
	}
	return in
}

// posting is the input of a posting.
func (c *scenario) posting(legs ...map[string]any) map[string]any {
	return map[string]any{"legs": legs, "idempotencyKey": c.key()}
}

// has checks balances of accounts, in the log's newest state.
func (c *scenario) has(want map[string]string) {
	c.t.Helper()
	c.Settle()
	for id, value := range want {
		if got, version := c.Balance(id, 0); got != value {
			c.t.Errorf("%s has %s at version %d, want %s", id, got, version, value)
		}
	}
}

// TestAPayroll: a company pays its people at once; every line says whom it belongs to.
func TestAPayroll(t *testing.T) {
	c := given(t, banktest.Start(t))
	company, ada, bob := c.rich("10000.00"), c.open(nil), c.open(nil)
	input := c.posting(leg(company, "-5000.00", "March"), leg(ada, "3000.00", "salary"), leg(bob, "2000.00", "salary"))
	paid := c.Must("postTransaction", input)
	paid.Answers(`{replayed: false, dryRun: false, userErrors: [], journal: {legCount: 3, legs: [
	  {index: 0, accountId: %s, direction: DEBIT, reference: March, amount: {value: "5000.00", currency: EUR},
	    transaction: {type: POSTING, direction: DEBIT, version: 3, balanceAfter: {value: "5000.00"}}},
	  {index: 1, accountId: %s, direction: CREDIT, reference: salary, transaction: {version: 2}},
	  {index: 2, accountId: %s, transaction: {balanceAfter: {value: "2000.00"}}}]}}`, company, ada, bob)
	c.Must("postTransaction", input).Answers(`{replayed: true, journal: {id: %s, legCount: 3}}`, paid.Journal.ID)
	changed := c.posting(leg(company, "-5000.00", "March"), leg(ada, "3000.01", "salary"), leg(bob, "1999.99", "salary"))
	c.Mutate("postTransaction", with(changed, "idempotencyKey", input["idempotencyKey"])).Answers(
		`{journal: null, userErrors: [{code: IDEMPOTENCY_CONFLICT, fields: [legs.1.amount, legs.2.amount]}]}`)
	c.has(map[string]string{company: "5000.00", ada: "3000.00", bob: "2000.00"})
	c.Do(`query($id: ID!, $journal: ID!) {
	  history(accountId: $id, filter: {types: [POSTING]}) { totals { count } nodes { type journalId legs { accountId } } }
	  node(id: $journal) { ... on JournalTransaction { id legCount caller legs { index transaction { accountId } } } } }`,
		map[string]any{"id": bob, "journal": paid.Journal.ID}).Answers(`{
	  history: {totals: {count: 1}, nodes: [{type: POSTING, journalId: %[1]s,
	    legs: [{accountId: %[2]s}, {accountId: %[3]s}, {accountId: %[4]s}]}]},
	  node: {id: %[1]s, legCount: 3, caller: tess, legs: [{index: 0, transaction: {accountId: %[2]s}},
	    {index: 1, transaction: {accountId: %[3]s}}, {index: 2}]}}`, paid.Journal.ID, company, ada, bob)
}

// TestAPostingBalancesInEachCurrency by itself, and may hold several.
func TestAPostingBalancesInEachCurrency(t *testing.T) {
	c := given(t, banktest.Start(t))
	euros, yen := c.rich("100.00"), c.open(map[string]any{"currency": "JPY"})
	deskEUR, deskJPY := c.open(nil), c.open(map[string]any{"currency": "JPY"})
	of := func(id, direction, value, currency string) map[string]any {
		return map[string]any{"accountId": id, "direction": direction,
			"amount": map[string]any{"value": value, "currency": currency}}
	}
	c.Deposit(deskJPY, "20000", "JPY", "float")
	c.Must("postTransaction", c.posting(of(euros, "DEBIT", "60.00", "EUR"), of(deskEUR, "CREDIT", "60.00", "EUR"),
		of(deskJPY, "DEBIT", "9600", "JPY"), of(yen, "CREDIT", "9600", "JPY")))
	c.has(map[string]string{euros: "40.00", deskEUR: "60.00", deskJPY: "10400", yen: "9600"})
	c.Mutate("postTransaction", c.posting(of(euros, "DEBIT", "9600.00", "EUR"), of(yen, "CREDIT", "9600", "JPY"))).Answers(
		`{userErrors: [{code: INPUT_INVALID, leg: null, path: [input, legs]}]}`)
	c.Mutate("postTransaction", c.posting(of(euros, "DEBIT", "1.00", "EUR"), of(yen, "CREDIT", "1.00", "EUR"))).Answers(
		`{userErrors: [{code: CURRENCY_MISMATCH, leg: 1, path: [input, legs, "1", amount, currency], expected: JPY}]}`)
}

// TestARefusedLegIsNamed, and nothing of the posting happens.
func TestARefusedLegIsNamed(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob, cat, frozen, closed := c.rich("10.00"), c.rich("1.00"), c.open(nil), c.open(nil), c.open(nil)
	c.Must("freezeAccount", map[string]any{"accountId": frozen, "scope": "CREDITS", "reason": "r", "idempotencyKey": "f"})
	c.Must("closeAccount", map[string]any{"accountId": closed, "idempotencyKey": "c"})
	const missing = "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	for want, legs := range map[string][]map[string]any{
		"INSUFFICIENT_FUNDS 1 input legs 1 amount":   {leg(ada, "-5.00"), leg(bob, "-5.00"), leg(cat, "10.00")},
		"ACCOUNT_FROZEN 1 input legs 1 accountId":    {leg(ada, "-5.00"), leg(frozen, "5.00")},
		"ACCOUNT_CLOSED 2 input legs 2 accountId":    {leg(ada, "-5.00"), leg(bob, "4.00"), leg(closed, "1.00")},
		"ACCOUNT_NOT_FOUND 1 input legs 1 accountId": {leg(ada, "-5.00"), leg(missing, "5.00")},
		"ACCOUNT_NOT_FOUND 0 input legs 0 accountId": {leg(missing, "-5.00"), leg(ada, "5.00")},
		"AMOUNT_INVALID 1 input legs 1 amount value": {leg(ada, "-5.00"), leg(bob, "5.001")},
		"AMOUNT_INVALID 0 input legs 0 amount value": {leg(ada, "-0"), leg(bob, "1")},
		"INPUT_INVALID 1 input legs 1 reference":     {leg(ada, "-5.00"), leg(bob, "5.00", strings.Repeat("x", 141))},
		"INPUT_INVALID none input legs":              {leg(ada, "-5.00")},
		"INPUT_INVALID none input legs ":             {leg(ada, "-5.00"), leg(bob, "4.99")},
		"INPUT_INVALID none input legs  ": slices.Repeat([]map[string]any{leg(ada, "-0.01"),
			leg(bob, "0.01")}, 26),
		"INPUT_INVALID 1 input legs 1 accountId ": {leg(ada, "-5.00"), leg("acc_x", "5.00")},
		"INPUT_INVALID 1 input legs 1 accountId":  {leg(ada, "-5.00"), leg(bob+"@v1", "5.00")},
	} {
		dry := c.Mutate("postTransaction", with(c.posting(legs...), "dryRun", true))
		for _, got := range []banktest.Posted{dry, c.Mutate("postTransaction", c.posting(legs...))} {
			if len(got.UserErrors) == 0 || got.Journal != nil {
				t.Errorf("%s: %+v", want, got)
				continue
			}
			first, at := got.UserErrors[0], "none"
			if first.Leg != nil {
				at = fmt.Sprint(*first.Leg)
			}
			if text := first.Code + " " + at + " " + strings.Join(first.Path, " "); text != strings.TrimRight(want, " ") {
				t.Errorf("refused with %s, want %s", text, want)
			}
		}
	}
	c.has(map[string]string{ada: "10.00", bob: "1.00", frozen: "0.00"})
}

// TestTheRulesOfEachAccountHold over all legs together: what an earlier leg takes, a later
// one does not have.
func TestTheRulesOfEachAccountHold(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.open(nil)
	c.Must("setLimits", map[string]any{"accountId": ada, "debitPerDay": banktest.EUR("9"), "idempotencyKey": "l"})
	twice := c.posting(leg(ada, "-6.00"), leg(bob, "6.00"), leg(ada, "-6.00"), leg(bob, "6.00"))
	c.Mutate("postTransaction", twice).Answers(
		`{userErrors: [{code: LIMIT_EXCEEDED, leg: 2}]}`)
	c.Must("postTransaction", c.posting(leg(bob, "9.00"), leg(ada, "-9.00"))).Answers(
		`{journal: {legs: [{accountId: %s}, {accountId: %s}]}}`, bob, ada)
	c.has(map[string]string{ada: "1.00", bob: "9.00"})
}

// TestAPostingIsTriedOut: a dry run shows the balances, and changes nothing.
func TestAPostingIsTriedOut(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.open(nil)
	try := with(c.posting(leg(ada, "-4.00"), leg(bob, "4.00")), "dryRun", true)
	tried := c.Mutate("postTransaction", try).Answers(
		`{dryRun: true, userErrors: [], journal: {legs: [{accountId: %s}, {accountId: %s}]}}`, ada, bob)
	if !strings.Contains(tried.Journal.ID, "@d") {
		t.Errorf("a dry run's id %s is one that something may have", tried.Journal.ID)
	}
	c.has(map[string]string{ada: "10.00", bob: "0.00"})
	many := c.Mutate("postTransaction", with(c.posting(leg(ada, "-40.00"), leg(bob, "30.00"),
		leg("acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "10.00")),
		"dryRun", true))
	if len(many.UserErrors) < 2 {
		t.Errorf("a dry run tells only %+v", many.UserErrors)
	}
}

// TestAPostingIsUndoneAsAWhole from any of its lines, once.
func TestAPostingIsUndoneAsAWhole(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob, cat := c.rich("10.00"), c.open(nil), c.open(nil)
	paid := c.Must("postTransaction", c.posting(leg(ada, "-10.00"), leg(bob, "7.00"), leg(cat, "3.00")))
	line := paid.Journal.Legs[2].Transaction.ID
	undo := map[string]any{"transactionId": line, "reason": "a mistake", "idempotencyKey": "undo"}
	c.Mutate("reverse", with(undo, "dryRun", true)).Answers(`{dryRun: true, userErrors: []}`)
	undone := c.Must("reverse", with(undo, "dryRun", false))
	if undone.Journal == nil || undone.Journal.LegCount != 3 {
		t.Fatalf("reversed as %+v", undone.Journal)
	}
	c.Must("reverse", undo).Answers(`{replayed: true, journal: {id: %s}}`, undone.Journal.ID)
	c.has(map[string]string{ada: "10.00", bob: "0.00", cat: "0.00"})
	for i := range 3 {
		c.Mutate("reverse", map[string]any{"transactionId": paid.Journal.Legs[i].Transaction.ID, "reason": "r",
			"idempotencyKey": "again"}).Refused("ALREADY_REVERSED")
	}
	again := map[string]any{"transactionId": undone.Transaction.ID, "reason": "r", "idempotencyKey": "back"}
	c.Mutate("reverse", again).Refused("NOT_REVERSIBLE")
	c.Do(`query($id: ID!) { node(id: $id) { ... on Transaction { reversedAmount { value } reversals { accountId } } } }`,
		map[string]any{"id": paid.Journal.Legs[1].Transaction.ID}).Answers(
		`{node: {reversedAmount: {value: "7.00"}, reversals: [{accountId: %s}]}}`, bob)
}

// TestACustomerPaysFromOwnAccountsOnly: somebody else's account is to it as one that does
// not exist, and it learns of others what it posted itself.
func TestACustomerPaysFromOwnAccountsOnly(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.As("ada", identity.Customer), c.As("bob", identity.Customer)
	openFor := func(who *banktest.Client, owner, key string) string {
		return who.Must("openAccount", map[string]any{"owner": owner, "currency": "EUR", "idempotencyKey": key}).Account.ID
	}
	hers, savings, his, fees := openFor(ada, "ada", "a"), openFor(ada, "ada", "s"), openFor(bob, "bob", "b"), c.open(nil)
	ada.Deposit(hers, "10.00", "EUR", "d")
	bob.Deposit(his, "10.00", "EUR", "d")

	ada.Mutate("postTransaction", c.posting(leg(hers, "-1.00"), leg(his, "-1.00"), leg(savings, "2.00"))).Answers(
		`{userErrors: [{code: ACCOUNT_NOT_FOUND, leg: 1, path: [input, legs, "1", accountId]}]}`)
	ada.Mutate("postTransaction", c.posting(leg(his, "-1.00"), leg(hers, "1.00"))).Answers(
		`{userErrors: [{code: ACCOUNT_NOT_FOUND, leg: 0, path: [input, legs, "0", accountId]}]}`)
	paid := ada.Must("postTransaction", c.posting(leg(hers, "-3.00"), leg(savings, "1.00"), leg(his, "1.50"),
		leg(fees, "0.50")))
	paid.Answers(`{journal: {legCount: 4, legs: [{transaction: {version: 3}}, {transaction: {version: 2}},
	  {accountId: %s, amount: {value: "1.50"}, transaction: null}, {transaction: null}]}}`, his)
	c.Settle()
	const posting = `query($id: ID!) { node(id: $id) { ... on JournalTransaction { legCount legs { index } } } }`
	shown := map[string]any{"id": paid.Journal.ID}
	ada.Do(posting, shown).Answers(`{node: {legCount: 4, legs: [{index: 0}, {index: 1}, {index: 2}, {index: 3}]}}`)
	bob.Do(posting, shown).Answers(`{node: {legCount: 4, legs: [{index: 2}]}}`)
	c.As("eve", identity.Customer).Do(posting, shown).Answers(`{node: null}`)
	bob.Do(`query($id: ID!) { history(accountId: $id, first: 1) { nodes { legs { accountId } } } }`,
		map[string]any{"id": his}).Answers(`{history: {nodes: [{legs: [{accountId: %s}]}]}}`, his)
	for _, id := range []string{hers, savings, his} { // whichever of them has all legs in its event
		for _, who := range []*banktest.Client{ada, bob} {
			events := string(who.Do(`query($id: ID!) { account(id: $id) { events(first: 1) { nodes { data } } } }`,
				map[string]any{"id": id}).Data)
			if who == bob && (strings.Contains(events, hers) || strings.Contains(events, fees)) {
				t.Errorf("an event tells Bob %s", events)
			}
		}
	}
}

// TestAccountsOfDifferentPartitionsDoNotChangeInOneStep: that is said, and nothing
// happens.
func TestAccountsOfDifferentPartitionsDoNotChangeInOneStep(t *testing.T) {
	c := given(t, banktest.StartOn(t, 3))
	ada := c.rich("10.00")
	near, far := c.open(nil), c.open(nil)
	for !c.together(ada, near) {
		near = c.open(nil)
	}
	for c.together(ada, far) {
		far = c.open(nil)
	}
	for _, dry := range []bool{true, false} {
		c.Mutate("postTransaction", with(c.posting(leg(ada, "-1.00"), leg(far, "1.00")), "dryRun", dry)).Answers(
			`{journal: null, userErrors: [{code: ACCOUNTS_APART, path: [input, legs], retryable: false}]}`)
		items := []any{map[string]any{"withdraw": c.pay(ada, "1.00")}, map[string]any{"deposit": c.pay(far, "1.00")}}
		c.batch(map[string]any{"items": items, "atomic": true, "dryRun": dry}).answer.Answers(`{postBatch: {failedIndex: 0,
		  results: [{status: REFUSED, userErrors: [{code: ACCOUNTS_APART, path: [input, items]}]}, {status: NOT_TRIED}]}}`)
	}
	c.Must("postTransaction", c.posting(leg(ada, "-1.00"), leg(near, "1.00")))
	c.has(map[string]string{ada: "9.00", near: "1.00", far: "0.00"})
}

// TestAPostingIsFollowedLegByLeg: a subscription has one line for each leg, in their order.
func TestAPostingIsFollowedLegByLeg(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.open(nil)
	phone := c.Dial()
	phone.Ask("a", `subscription { transactionFeed(heartbeatSeconds: 1) {
	  transaction { accountId journalId amount { value } } } }`, nil)
	next := func() *feedLine {
		var got struct {
			Data struct {
				TransactionFeed struct{ Transaction *feedLine }
			}
		}
		if kind, _ := phone.Next(&got); kind != "next" {
			t.Fatalf("received %s", kind)
		}
		return got.Data.TransactionFeed.Transaction
	}
	for next() != nil { // from the first heartbeat on, it misses nothing
	}
	paid := c.Must("postTransaction", c.posting(leg(ada, "-6.00"), leg(bob, "1.00"), leg(bob, "2.00"), leg(bob, "3.00")))
	for _, want := range paid.Journal.Legs {
		line := next()
		for line == nil {
			line = next()
		}
		if line.AccountID != want.AccountID || line.JournalID != paid.Journal.ID || line.Amount.Value != want.Amount.Value {
			t.Errorf("received %+v, want %+v", line, want)
		}
	}
}

type feedLine struct {
	AccountID, JournalID string
	Amount               banktest.Money
}
