//go:build linux

package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"corebank/check/graphqlclient"
	"corebank/internal/app"
)

// checkAccounts compares what each gateway shows with what was acknowledged, once it has
// it: every cent is there once, and every version of an account is one payment's, but for
// the first, which opened it.
func checkAccounts(t *testing.T, pay *payments) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), recoveryTime)
	defer cancel()
	var total int64
	for account, cents := range pay.cents {
		total += cents
		last := checkVersions(t, account, pay.versions[account])
		want := fmt.Sprintf("%s at version %d", decimal(cents), last)
		for i, gateway := range pay.gateways {
			for {
				got, err := balance(ctx, gateway, account)
				if err == nil && got == want {
					break
				}
				if !app.Pause(ctx, tick) {
					t.Errorf("%s: gateway %d says %q (%v), acknowledged were %s", account, i+1, got, err, want)
					break
				}
			}
		}
	}
	t.Logf("%s EUR on %d accounts are there, as %d gateways say", decimal(total), len(pay.cents), len(pay.gateways))
}

// checkVersions fails for a version that no payment has, or that two have, and returns the
// last one.
func checkVersions(t *testing.T, account string, versions []int64) int64 {
	t.Helper()
	slices.Sort(versions)
	for i, version := range versions {
		if want := int64(i) + 2; version != want {
			t.Errorf("%s: the payments have the versions %v; want %d as the next one", account, versions[:i+1], want)
			break
		}
	}
	return versions[len(versions)-1]
}

// balance is what a gateway says of an account.
func balance(ctx context.Context, gateway graphqlclient.Client, account string) (string, error) {
	answer, err := gateway.Post(ctx, `query($id: ID!) { balance(accountId: $id) { version current { value } stale } }`,
		map[string]any{"id": account})
	if err != nil {
		return "", err
	}
	if len(answer.Errors) > 0 {
		return "", answer.Errors[0]
	}
	var data struct {
		Balance struct {
			Version int64
			Current struct{ Value string }
			Stale   bool
		}
	}
	if err := json.Unmarshal(answer.Data, &data); err != nil {
		return "", err
	}
	if data.Balance.Stale {
		return "stale", nil
	}
	return fmt.Sprintf("%s at version %d", data.Balance.Current.Value, data.Balance.Version), nil
}
