package banktest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// TestAStatementInAZone: the day on which the clocks go forward in Berlin.
func TestAStatementInAZone(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("5.00")
	c.Settle()
	document := func(zone string) banktest.Answer {
		return c.Do(fmt.Sprintf(`query($id: ID!) { statement(accountId: $id, format: CAMT053,
			from: "2026-03-28T23:00:00Z", to: "2026-03-29T22:00:00Z") { document%s } }`, zone), map[string]any{"id": ada})
	}
	for zone, want := range map[string][]string{
		`(zone: "Europe/Berlin")`: {"<FrDtTm>2026-03-29T00:00:00.000+01:00</FrDtTm>",
			"<ToDtTm>2026-03-29T23:59:59.999+02:00</ToDtTm>", "<Dt>2026-03-29</Dt>"},
		"": {"<FrDtTm>2026-03-28T23:00:00.000Z</FrDtTm>", "<Dt>2026-03-28</Dt>", "<Dt>2026-03-29</Dt>"},
	} {
		var got struct{ Statement struct{ Document string } }
		if err := json.Unmarshal(document(zone).Data, &got); err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(got.Statement.Document, part) {
				t.Errorf("%s: no %s in\n%s", zone, part, got.Statement.Document)
			}
		}
	}
	for _, zone := range []string{"Mars/Olympus", "", "Local", "local", "../etc/passwd", strings.Repeat("x", 65)} {
		document(fmt.Sprintf("(zone: %q)", zone)).Fails("BAD_USER_INPUT")
	}
}
