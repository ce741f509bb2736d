package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"corebank/server/guard"
)

// readGuard reads the gateway's flags as a command line has them.
func readGuard(t *testing.T, arguments ...string) (guard.Config, error) {
	t.Helper()
	var flags guardFlags
	c := &cobra.Command{Use: "probe"}
	flags.add(c)
	if err := c.ParseFlags(arguments); err != nil {
		return guard.Config{}, err
	}
	return flags.read(c)
}

func TestProductionLowersTheRatesThatNobodySet(t *testing.T) {
	for _, test := range []struct {
		arguments string
		want      guard.Rates
	}{
		{"", guard.Rates{PerPrincipal: localRate, PerAddress: localRate}},
		{"--production", guard.Rates{PerPrincipal: productionRate, PerAddress: productionAddress}},
		{"--production --rate=5", guard.Rates{PerPrincipal: 5, PerAddress: productionAddress}},
		{"--production --rate-per-address=0", guard.Rates{PerPrincipal: productionRate}},
	} {
		if got, err := readGuard(t, strings.Fields(test.arguments)...); err != nil || got.Rates != test.want {
			t.Errorf("%q: %+v (%v), want %+v", test.arguments, got.Rates, err, test.want)
		}
	}
}

func TestGuardFlagsThatMakeNoSenseAreExplained(t *testing.T) {
	for arguments, says := range map[string]string{
		"--rate=-1":                        "--rate -1: want 1 to 1000000000",
		"--rate-per-address=2000000000":    "--rate-per-address 2000000000: want",
		"--introspection":                  "--introspection is for --production",
		"--trusted-only":                   "--trusted-documents FILE",
		"--host=https://bank.example":      "want a name without scheme",
		"--host=bank.example:8080":         "want a name without scheme",
		"--host=*.bank.example":            "want a name without scheme",
		"--host=good.example,bad.example:": "want a name without scheme",
	} {
		if _, err := readGuard(t, strings.Fields(arguments)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", arguments, err, says)
		}
	}
}
