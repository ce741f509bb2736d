package localbank

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/client"
	"corebank/internal/identity"
	"corebank/localbank/datadir"
	"corebank/localbank/demo"
)

// demoTime is longer than filling the demo takes, also on a busy machine.
const demoTime = 10 * time.Minute

// fillDemo fills the bank at an address, as a teller, and says what it has. A demo
// that could not be filled leaves a bank that works.
func fillDemo(ctx context.Context, status *statusOutput, listen string, data *datadir.Locked) string {
	if status.refusal(ctx) != nil {
		return "not filled, because the bank takes no commands now"
	}
	filled, err := fill(ctx, status, listen, data)
	if err != nil {
		return "not complete: " + err.Error() + "\nstart the bank again with --demo to go on"
	}
	text := fmt.Sprintf("%d people and %d companies, with %d accounts", filled.People, filled.Companies, filled.Accounts)
	if filled.New == 0 {
		text += ", as before"
	}
	if filled.Apart > 0 {
		text += fmt.Sprintf("\n(%d requests left out: their accounts are in different partitions)", filled.Apart)
	}
	return text
}

func fill(ctx context.Context, status *statusOutput, listen string, data *datadir.Locked) (demo.Result, error) {
	// GraphiQL's examples use the accounts that this teller opens.
	token, err := data.Issuer.Token(string(identity.Teller), identity.Teller, time.Now(), demoTime)
	if err != nil {
		return demo.Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	bank := client.Client{URL: "http://" + listen, Token: token}
	return demo.Fill(ctx, bank.Query, status.filling)
}
