package banktest_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/check/banktest"
	"corebank/graph/generated"
	"corebank/internal/identity"
)

// things are the objects that a request names.
type things struct{ account, transaction, hold, transfer, external, owner string }

// in puts the things and the stranger's own account into a request.
func (th things) in(query, own string) string {
	return strings.NewReplacer("ACCOUNT", th.account, "TRANSACTION", th.transaction, "HOLD", th.hold,
		"TRANSFER", th.transfer, "EXTERNAL", th.external, "OWNER", th.owner, "OWN", own).Replace(query)
}

// out removes the things from an answer, so that answers can be compared.
func (th things) out(answer string) string {
	for _, thing := range []string{th.transaction, th.hold, th.transfer, th.account, th.external, th.owner} {
		answer = strings.ReplaceAll(answer, thing, "THING")
	}
	return requestIDs.ReplaceAllString(answer, "")
}

// requestIDs are what each request has of its own.
var requestIDs = regexp.MustCompile(`"requestId":"[0-9a-f]{32}",?`)

// nothing are objects that do not exist.
var nothing = things{account: "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", transaction: "txn_aaaaaaaaaaaaaaaaaaaaaaaaaa_2",
	hold: "hld_aaaaaaaaaaaaaaaaaaaaaaaaaa_3", transfer: "trf_aaaaaaaaaaaaaaaaaaaaaaaaaa", external: "nobodys",
	owner: "zoe"}

const sayPosting = `{ journal { legs { accountId transaction { id } } }
	userErrors { __typename code message path leg } }`

func debitOf(id string) string { return legOf(id, "DEBIT") }

func creditOf(id string) string { return legOf(id, "CREDIT") }

func legOf(id, direction string) string {
	return `{accountId: "` + id + `", direction: ` + direction + `, amount: {value: "1.00", currency: "EUR"}} `
}

const sayPayload = `{ account { id } transaction { id } replayed userErrors { __typename code message path } }`

// denials are requests of a stranger, by the part of the schema that they are
// about. Others' objects and missing ones must get the same answer.
var denials = map[string][]string{
	"Query.node.id": {`{ node(id: "ACCOUNT") { id } }`, `{ node(id: "ACCOUNT@v1") { id } }`,
		`{ node(id: "HOLD@v3") { id } }`, `{ node(id: "TRANSACTION") { id } }`,
		`{ node(id: "HOLD") { id } }`, `{ node(id: "TRANSFER") { id } }`},
	"Query.account.id": {`{ account(id: "ACCOUNT") { id } }`, `{ account(id: "ACCOUNT@v1") { id } }`,
		`{ account(id: "ACCOUNT", minVersion: 1) { id } }`, `{ account(id: "ACCOUNT", asOf: {version: 1}) { id } }`,
		`{ account(id: "ACCOUNT", asOf: {time: "2026-01-01T00:00:00Z"}) { id } }`},
	"Query.accountByExternalId": {`{ accountByExternalId(externalId: "EXTERNAL") { id } }`},
	"Query.accounts": {
		`{ accounts(filter: {owner: "OWNER"}) { nodes { id } pageInfo { hasNextPage } } }`,
		`{ accounts(first: 100) { nodes { owner } } }`,
	},
	"Query.balance.accountId": {`{ balance(accountId: "ACCOUNT") { current { value } } }`,
		`{ balance(accountId: "ACCOUNT", minVersion: 2) { version } }`,
		`{ balance(accountId: "ACCOUNT", asOf: {version: 2}) { current { value } } }`},
	"Query.history.accountId": {
		`{ history(accountId: "ACCOUNT") { nodes { id } pageInfo { hasNextPage } totals { count credits { value currency } }
			} }`,
		`{ history(accountId: "ACCOUNT", asOf: {version: 2}) { nodes { id } } }`,
		`{ history(accountId: "ACCOUNT", minVersion: 2) { nodes { id } } }`,
	},
	"Query.history.filter.counterpartyId": {
		`{ history(accountId: "OWN", filter: {counterpartyId: "ACCOUNT"}) { nodes { id } totals { count } } }`,
	},
	"Query.history.filter.transferId": {
		`{ history(accountId: "OWN", filter: {transferId: "TRANSFER"}) { nodes { id } totals { count } } }`,
	},
	"Account.history.filter.counterpartyId": {
		`{ account(id: "OWN") { history(filter: {counterpartyId: "ACCOUNT"}) { nodes { id } totals { count } } } }`,
	},
	"Account.history.filter.transferId": {
		`{ account(id: "OWN") { history(filter: {transferId: "TRANSFER"}) { nodes { id } totals { count } } } }`,
	},
	"Query.statement.accountId": {
		`{ statement(accountId: "ACCOUNT", from: "2020-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z") { owner } }`,
		`{ statement(accountId: "ACCOUNT", from: "2020-01-01T00:00:00Z", to: "NOW") { owner document } }`,
	},
	"Query.commandStatus.accountId": {
		`{ commandStatus(accountId: "ACCOUNT", idempotencyKey: "salary") { state message event { data } } }`,
		`{ commandStatus(idempotencyKey: "account") { state event { data } } }`,
	},
	"Query.hold.id":      {`{ hold(id: "HOLD") { amount { value } } }`},
	"Query.transfer.id":  {`{ transfer(id: "TRANSFER") { amount { value } } }`},
	"Query.trialBalance": {`{ trialBalance { totals { kind } } }`},
	"Query.systemStatus": {`{ systemStatus { head } }`},
	"Query.caller":       {`{ caller { subject roles queries mutations } }`},

	"Mutation.openAccount": {
		`mutation { openAccount(input: {owner: "OWNER", currency: "EUR", idempotencyKey: "o"}) ` + sayPayload + ` }`,
	},
	"Mutation.updateAccount.input.accountId": dry(
		`updateAccount(input: {accountId: "ACCOUNT", name: "Mine", idempotencyKey: "salary"DRY})`,
	),
	"Mutation.closeAccount.input.accountId": dry(
		`closeAccount(input: {accountId: "ACCOUNT", idempotencyKey: "salary"DRY})`,
	),
	"Mutation.freezeAccount.input.accountId": dry(
		`freezeAccount(input: {accountId: "ACCOUNT", scope: BOTH, reason: "r", idempotencyKey: "k"DRY})`,
	),
	"Mutation.unfreezeAccount.input.accountId": dry(
		`unfreezeAccount(input: {accountId: "ACCOUNT", idempotencyKey: "k"DRY})`,
	),
	"Mutation.setLimits.input.accountId": dry(`setLimits(input: {accountId: "ACCOUNT", idempotencyKey: "k"DRY})`),
	"Mutation.deposit.input.accountId": dry(
		`deposit(input: {accountId: "ACCOUNT", amount: {value: "100.00", currency: "EUR"}, idempotencyKey: "salary"DRY})`,
		`deposit(input: {accountId: "ACCOUNT", amount: {value: "1", currency: "JPY"}, idempotencyKey: "k"DRY})`,
	),
	"Mutation.withdraw.input.accountId": dry(
		`withdraw(input: {accountId: "ACCOUNT", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"DRY})`,
	),
	"Mutation.placeHold.input.accountId": dry(
		`placeHold(input: {accountId: "ACCOUNT", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"DRY})`,
	),
	"Mutation.adjustHold.input.holdId": dry(
		`adjustHold(input: {holdId: "HOLD", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"DRY})`,
	),
	"Mutation.captureHold.input.holdId": dry(`captureHold(input: {holdId: "HOLD", idempotencyKey: "k"DRY})`),
	"Mutation.releaseHold.input.holdId": dry(`releaseHold(input: {holdId: "HOLD", idempotencyKey: "k"DRY})`),
	"Mutation.reverse.input.transactionId": dry(
		`reverse(input: {transactionId: "TRANSACTION", reason: "r", idempotencyKey: "k"DRY})`,
	),
	"Mutation.transfer.input.fromAccountId": dry(
		`transfer(input: {fromAccountId: "ACCOUNT", toAccountId: "OWN", amount: {value: "1.00", currency: "EUR"},
			idempotencyKey: "k"DRY})`,
	),
	"Mutation.transfer.input.toAccountId": {
		`mutation { transfer(input: {fromAccountId: "OWN", toAccountId: "ACCOUNT", amount: {value: "1.00", currency: "EUR"},
			idempotencyKey: "k", dryRun: true}) ` + sayPayload + ` }`,
	},
	"Mutation.postTransaction.input.legs.accountId": {
		`mutation { postTransaction(input: {legs: [` + debitOf("ACCOUNT") + creditOf("OWN") + `], idempotencyKey: "k"}) ` +
			sayPosting + ` }`,
		`mutation { postTransaction(input: {legs: [` + debitOf("OWN") + debitOf("ACCOUNT") + creditOf("OWN") +
			creditOf("OWN") + `], idempotencyKey: "k", dryRun: true}) ` + sayPosting + ` }`,
		`mutation { postTransaction(input: {legs: [` + debitOf("OWN") + creditOf("ACCOUNT") +
			`], idempotencyKey: "k", dryRun: true}) ` + sayPosting + ` }`,
	},
	item("postTransaction.legs.accountId"): batch(
		`postTransaction: {legs: [` + debitOf("ACCOUNT") + creditOf("OWN") + `], idempotencyKey: "k"}`,
	),
	item("deposit.accountId"): batch(
		`deposit: {accountId: "ACCOUNT", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"}`,
	),
	item("withdraw.accountId"): batch(
		`withdraw: {accountId: "ACCOUNT", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"}`,
	),
	item("transfer.fromAccountId"): batch(
		`transfer: {fromAccountId: "ACCOUNT", toAccountId: "OWN", amount: {value: "1.00", currency: "EUR"}, idempotencyKey:
			"k"}`,
	),
	item("transfer.toAccountId"): {
		`mutation { postBatch(input: {dryRun: true, items: [{transfer: {fromAccountId: "OWN", toAccountId: "ACCOUNT",
			amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"}}]}) { results { status userErrors { message } } } }`,
	},
	item("placeHold.accountId"): batch(
		`placeHold: {accountId: "ACCOUNT", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"}`,
	),
	item("captureHold.holdId"): batch(`captureHold: {holdId: "HOLD", idempotencyKey: "k"}`),
	item("adjustHold.holdId"): batch(
		`adjustHold: {holdId: "HOLD", amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "k"}`,
	),
	item("releaseHold.holdId"): batch(`releaseHold: {holdId: "HOLD", idempotencyKey: "k"}`),
	item("reverse.transactionId"): batch(
		`reverse: {transactionId: "TRANSACTION", reason: "r", idempotencyKey: "k"}`,
	),

	// TestAStrangerHearsNothing:
	"Subscription.transactions.accountId":    nil,
	"Subscription.transactionFeed.accountId": nil,
	"Subscription.accountUpdated.id":         nil,
	"Subscription.transferUpdated.id":        nil,
}

func item(path string) string { return "Mutation.postBatch.input.items." + path }

// dry returns mutations, each as a real one and as a dry run.
func dry(mutations ...string) (both []string) {
	for _, m := range mutations {
		for _, how := range []string{"", ", dryRun: true"} {
			both = append(both, "mutation { "+strings.Replace(m, "DRY", how, 1)+" "+sayPayload+" }")
		}
	}
	return both
}

// batch returns batches of every kind with an item.
func batch(item string) (all []string) {
	for _, how := range []string{"", "atomic: true, ", "dryRun: true, "} {
		all = append(all,
			`mutation { postBatch(input: {`+how+`items: [{`+item+`}]}) { failedIndex results { status account { id } userErrors
				{ code message path } } userErrors { message } } }`)
	}
	return all
}

// TestEveryFieldHasADenial walks the schema: every root field, and every
// argument that names an object, has to be in the table above.
func TestEveryFieldHasADenial(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	wanted := map[string]bool{}
	for _, definition := range schema.Types {
		if definition.Kind != ast.Object || strings.HasPrefix(definition.Name, "__") {
			continue
		}
		root := definition == schema.Query || definition == schema.Mutation || definition == schema.Subscription
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			ids := []string{}
			for _, argument := range field.Arguments {
				ids = append(ids, idsOf(schema, argument.Type, name+"."+argument.Name)...)
			}
			if len(ids) == 0 && root && !strings.HasPrefix(field.Name, "__") {
				ids = []string{name}
			}
			for _, id := range ids {
				wanted[id] = true
				if _, tested := denials[id]; !tested {
					t.Errorf("%s has no test that a stranger is denied; add one to denials", id)
				}
			}
			if root && !strings.HasPrefix(field.Name, "__") && field.Directives.ForName("authorized") == nil {
				t.Errorf("%s does not say who may use it; add @authorized", name)
			}
		}
	}
	for id := range denials {
		if !wanted[id] {
			t.Errorf("%s is tested and not in the schema", id)
		}
	}
}

// idsOf are the ids within an argument.
func idsOf(schema *ast.Schema, kind *ast.Type, path string) (ids []string) {
	if kind.Name() == "ID" {
		return []string{path}
	}
	if definition := schema.Types[kind.Name()]; definition.Kind == ast.InputObject {
		for _, field := range definition.Fields {
			ids = append(ids, idsOf(schema, field.Type, path+"."+field.Name)...)
		}
	}
	return ids
}

// adas is a bank with an account of Ada's that has one of everything, and
// Mallory, who has an account as well.
func adas(t *testing.T) (bank *banktest.Bank, mallory *banktest.Client, own string, hers things) {
	bank = banktest.Start(t)
	ada, mallory := bank.As("ada", identity.Customer), bank.As("mallory", identity.Customer)
	open := func(c *banktest.Client, owner string, more map[string]any) string {
		more["owner"], more["currency"], more["idempotencyKey"] = owner, "EUR", "account"
		id := c.Must("openAccount", more).Account.ID
		c.Must("deposit", map[string]any{"accountId": id, "amount": banktest.EUR("100.00"), "idempotencyKey": "salary"})
		return id
	}
	hers = things{account: open(ada, "ada", map[string]any{"externalId": "adas-own"}), external: "adas-own", owner: "ada"}
	hers.transaction = "txn_" + strings.TrimPrefix(hers.account, "acc_") + "_2"
	hers.hold = ada.Must("placeHold", map[string]any{"accountId": hers.account, "amount": banktest.EUR("5.00"),
		"idempotencyKey": "hold"}).Hold.ID
	bob := open(bank.As("bob", identity.Customer), "bob", map[string]any{})
	sent := ada.Must("transfer", map[string]any{"fromAccountId": hers.account, "toAccountId": bob,
		"amount": banktest.EUR("1.00"), "idempotencyKey": "rent", "waitMs": 10_000})
	hers.transfer = sent.Transfer.ID
	own = open(mallory, "mallory", map[string]any{})
	bank.Settle()
	return bank, mallory, own, hers
}

// TestAStrangerLearnsNothing: not even whether there is anything.
func TestAStrangerLearnsNothing(t *testing.T) {
	bank, mallory, own, hers := adas(t)
	now := nowOf(bank)
	asked := 0
	for path, queries := range denials {
		for _, query := range queries {
			asked++
			query = strings.ReplaceAll(query, "NOW", now)
			about := hers.out(answerOf(t, mallory, hers.in(query, own)))
			without := nothing.out(answerOf(t, mallory, nothing.in(query, own)))
			if marks.ReplaceAllString(about, "") != marks.ReplaceAllString(without, "") {
				t.Errorf("%s: %s\nabout Ada's:  %s\nabout nothing: %s", path, query, about, without)
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d requests were tried", asked)
	}
	// A dry run reveals nothing about others' accounts.
	mallory.Mutate("transfer", map[string]any{"fromAccountId": own, "toAccountId": hers.account,
		"amount": banktest.EUR("1"), "idempotencyKey": "k", "dryRun": true}).Answers(`{userErrors: []}`)
	bank.Settle()
	bank.Do(`query($id: ID!) { account(id: $id) { version } }`, map[string]any{"id": hers.account}).
		Answers(`{account: {version: 4}}`) // opened, paid in, held and sent
}

// TestTheOwnerLearnsEverything: that the denials above deny what there is.
func TestTheOwnerLearnsEverything(t *testing.T) {
	bank, _, own, hers := adas(t)
	now, ada := nowOf(bank), bank.As("ada", identity.Customer)
	for path, queries := range denials {
		if !strings.HasPrefix(path, "Query.") || slices.Contains([]string{"Query.trialBalance", "Query.systemStatus",
			"Query.caller"}, path) || strings.Contains(path, "filter") {
			continue
		}
		for _, query := range queries {
			query = strings.ReplaceAll(query, "NOW", now)
			if strings.Contains(query, "2026-01-01") {
				continue // before there was anything
			}
			about, without := hers.out(answerOf(t, ada, hers.in(query, own))),
				nothing.out(answerOf(t, ada, nothing.in(query, own)))
			if about == without && !strings.Contains(query, "first: 100") &&
				!strings.Contains(query, `(idempotencyKey: "account")`) {
				t.Errorf("%s: %s\nAda gets no more than about nothing: %s", path, query, about)
			}
			if strings.Contains(about, `"errors"`) {
				t.Errorf("%s: %s\nAda gets %s", path, query, about)
			}
		}
	}
}

// nowOf is the time of the latest event of a bank.
func nowOf(bank *banktest.Bank) string {
	var got struct{ TrialBalance struct{ At string } }
	bank.Get(`{ trialBalance { at } }`, nil, &got)
	return got.TrialBalance.At
}

// answerOf returns a whole answer.
func answerOf(t *testing.T, c *banktest.Client, query string) string {
	t.Helper()
	answer := c.Do(query, nil)
	whole := map[string]any{"data": answer.Data}
	if len(answer.Errors) > 0 {
		for _, e := range answer.Errors {
			delete(e.Extensions, "requestId") // which every request has of its own
		}
		whole["errors"] = answer.Errors
	}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
