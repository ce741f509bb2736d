//go:build linux

package compose

import (
	"context"
	"encoding/json"
	"errors"
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
				got, err := balanceOf(ctx, gateway, account)
				if err == nil && got.String() == want {
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

// awaitViews waits until each gateway but that of one machine shows what was acknowledged last.
func (p *payments) awaitViews(ctx context.Context, away int) error {
	p.mu.Lock()
	account, version := p.lastPaid, slices.Max(p.versions[p.lastPaid])
	p.mu.Unlock()
	for i, gateway := range p.gateways {
		if i+1 == away {
			continue
		}
		for {
			got, err := balanceOf(ctx, gateway, account)
			if err == nil && got.Version >= version {
				break
			}
			if !app.Pause(ctx, tick) {
				return errors.Join(err, fmt.Errorf("gateway %d says %q of %s, and version %d is acknowledged", i+1, got, account,
					version))
			}
		}
	}
	return nil
}

// balance is what a gateway says of an account.
type balance struct {
	Version int64
	Current struct{ Value string }
	Stale   bool
}

func (b balance) String() string {
	if b.Stale {
		return "stale"
	}
	return fmt.Sprintf("%s at version %d", b.Current.Value, b.Version)
}

func balanceOf(ctx context.Context, gateway graphqlclient.Client, account string) (balance, error) {
	answer, err := gateway.Post(ctx, `query($id: ID!) { balance(accountId: $id) { version current { value } stale } }`,
		map[string]any{"id": account})
	if err != nil {
		return balance{}, err
	}
	if len(answer.Errors) > 0 {
		return balance{}, answer.Errors[0]
	}
	var data struct{ Balance balance }
	err = json.Unmarshal(answer.Data, &data)
	return data.Balance, err
}
