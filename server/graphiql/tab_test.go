package graphiql

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestTabsAreInTheOrderOfTheStory(t *testing.T) {
	want := []string{
		"OpenAccount", "Deposit", "Withdraw", "WithdrawTooMuch", "DryRun", "Transfer", "PlaceHold",
		"Account", "Balance", "History", "BackThen", "Node", "Transactions",
	}
	var got []string
	for _, tab := range Tabs() {
		got = append(got, tab.Name)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the tabs are %q, want %q", got, want)
	}
}

func TestEachTabHoldsItsOneOperationAndItsVariables(t *testing.T) {
	operation := regexp.MustCompile(`(?m)^(?:query|mutation|subscription) (\w+)\(([^)]*)\)`)
	declared := regexp.MustCompile(`\$(\w+):`)
	for _, tab := range Tabs() {
		found := operation.FindAllStringSubmatch(tab.Query, -1)
		if len(found) != 1 || found[0][1] != tab.Name {
			t.Errorf("%s: holds %q, want the one operation of its name", tab.Name, found)
			continue
		}
		names := map[string]bool{}
		for _, m := range declared.FindAllStringSubmatch(found[0][2], -1) {
			names[m[1]] = true
		}
		var variables map[string]any
		if err := json.Unmarshal([]byte(tab.Variables), &variables); err != nil {
			t.Errorf("%s: the variables are no JSON object: %v", tab.Name, err)
		}
		given := map[string]bool{}
		for name := range variables {
			given[name] = true
		}
		if !reflect.DeepEqual(given, names) {
			t.Errorf("%s: gives %v, declares %v", tab.Name, given, names)
		}
	}
}

func TestEveryTabButTheFirstAsksForTheDemoAccount(t *testing.T) {
	for i, tab := range Tabs() {
		if got := strings.Count(tab.Variables, `"`+DemoAccountPlaceholder+`"`); got != min(i, 1) {
			t.Errorf("%s: holds the placeholder %d times, want %d", tab.Name, got, min(i, 1))
		}
		if strings.Contains(tab.Query, DemoAccountPlaceholder) {
			t.Errorf("%s: holds the placeholder in its query, where it is not replaced", tab.Name)
		}
	}
}

func TestThePageLoadsTheTabsWithTheDemoAccountFilledIn(t *testing.T) {
	const id, payee = `acc "1"\`, "acc_2" // an id is escaped like any string
	var got []Tab
	text := body(t, get(t, Handler(Options{DemoAccountID: id, DemoPayeeID: payee}), "/tabs.json"))
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("tabs.json: %v", err)
	}
	var deposit struct{ Input struct{ AccountID string } }
	if err := json.Unmarshal([]byte(got[1].Variables), &deposit); err != nil || deposit.Input.AccountID != id {
		t.Errorf("the deposit goes to %q (%v), want %q", deposit.Input.AccountID, err, id)
	}
	for i, tab := range Tabs() {
		if got[i] != tab.WithAccounts(id, payee) {
			t.Errorf("tabs.json differs from Tabs at %s", tab.Name)
		}
	}
	if !strings.Contains(text, payee) {
		t.Error("no example pays the other account")
	}
	if strings.Contains(text, DemoAccountPlaceholder) || strings.Contains(text, DemoPayeePlaceholder) {
		t.Error("tabs.json still holds a placeholder")
	}
}

func TestWithoutADemoAccountThePlaceholderStays(t *testing.T) {
	var got []Tab
	text := body(t, get(t, Handler(Options{}), "/tabs.json"))
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("tabs.json: %v", err)
	}
	if !reflect.DeepEqual(got, Tabs()) {
		t.Error("tabs.json differs from Tabs")
	}
}
