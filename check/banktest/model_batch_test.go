package banktest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// clone is the model as it may become.
func (m *model) clone() *model {
	may := *m
	may.accounts = make(map[string]*modelAccount)
	for id, a := range m.accounts {
		copied := *a
		copied.holds, copied.after = maps.Clone(a.holds), slices.Clone(a.after)
		may.accounts[id] = &copied
	}
	return &may
}

// item draws an item of a batch whose accounts can be written to at once: another partition would answer later.
func (m *model) item() (item map[string]any, refusal string, apply func(banktest.Posted)) {
	for {
		mutation, input, refusal, apply := m.command()
		from, to := input["fromAccountId"], input["toAccountId"]
		if mutation != "transfer" || m.together(from.(string), to.(string)) {
			delete(input, "waitMs")
			return map[string]any{mutation: input}, refusal, apply
		}
	}
}

// placed is what a command makes that places a hold on the account of an item.
func (m *model) placed(item map[string]any) banktest.Posted {
	input, is := item["placeHold"].(map[string]any)
	if !is {
		return banktest.Posted{}
	}
	id := input["accountId"].(string)
	hold := fmt.Sprintf("hld_%s_%d", strings.TrimPrefix(id, "acc_"), len(m.accounts[id].after)+1)
	return banktest.Posted{Hold: &banktest.Hold{ID: hold}}
}

// stepBatch tries a batch over any accounts, does it, and does it again if all of it happened.
func (m *model) stepBatch(t *testing.T) {
	t.Helper()
	may, atomic := m.clone(), m.random.IntN(2) == 0
	var items []any
	var refusals []string
	homes := make(map[string]bool)
	for range 2 + m.random.IntN(4) {
		item, refusal, apply := may.item()
		items, refusals = append(items, item), append(refusals, refusal)
		for _, input := range item {
			homes[may.home(input.(map[string]any))] = true
		}
		if refusal == "" {
			apply(may.placed(item))
		}
	}
	for id := range homes {
		for other := range homes {
			atomic = atomic && m.together(id, other)
		}
	}
	failed := slices.IndexFunc(refusals, func(code string) bool { return code != "" })
	var want []string
	for i, code := range refusals {
		switch {
		case atomic && failed >= 0 && i != failed:
			want = append(want, "NOT_TRIED")
		case code != "":
			want = append(want, "REFUSED")
		default:
			want = append(want, "APPLIED")
		}
	}
	for _, dry := range []bool{true, false} {
		got := m.batch(map[string]any{"items": items, "atomic": atomic, "dryRun": dry})
		got.expect(strings.Join(want, " "), failed)
		for i, result := range got.Results {
			if want[i] == "REFUSED" && (len(result.UserErrors) == 0 || result.UserErrors[0].Code != refusals[i]) {
				t.Errorf("item %d, dry %t: %+v, want %s", i, dry, result.UserErrors, refusals[i])
			}
		}
	}
	if t.Failed() {
		t.Fatalf("atomic %t: %v", atomic, items)
	}
	if failed < 0 {
		again := strings.TrimSpace(strings.Repeat("REPLAYED ", len(items)))
		m.batch(map[string]any{"items": items, "atomic": atomic}).expect(again, -1)
	}
	if failed < 0 || !atomic {
		m.accounts = may.accounts
	}
}

// home is the account that an item is addressed to.
func (m *model) home(input map[string]any) string {
	for _, field := range []string{"accountId", "fromAccountId"} {
		if id, is := input[field].(string); is {
			return id
		}
	}
	return "acc_" + strings.Split(input["holdId"].(string), "_")[1]
}
