package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"corebank/server/guard"
)

// read checks the flags and adds the defaults of production.
func (f *guardFlags) read(c *cobra.Command) (guard.Config, error) {
	config := f.config
	if config.Production {
		if !c.Flags().Changed(flagRate) {
			config.Rates.PerPrincipal = productionRate
		}
		if !c.Flags().Changed(flagRatePerAddress) {
			config.Rates.PerAddress = productionAddress
		}
	}
	for flag, n := range map[string]int{flagRate: config.Rates.PerPrincipal, flagRatePerAddress: config.Rates.PerAddress} {
		if n < 0 || n > maxRate {
			return config, fmt.Errorf("--%s %d: want 1 to %d points of cost per second, or 0 for no limit", flag, n, maxRate)
		}
	}
	if config.Introspection && !config.Production {
		return config, errors.New("--introspection is for --production; without it, introspection is always allowed")
	}
	if config.TrustedOnly && f.trusted == "" {
		return config, errors.New("--trusted-only without --trusted-documents FILE refuses everything")
	}
	for _, host := range config.Hosts {
		if _, _, err := net.SplitHostPort(host); err == nil || host == "" || strings.ContainsAny(host, "/ *") {
			return config, fmt.Errorf("--host %q: want a name without scheme, port or pattern, for example bank.example", host)
		}
	}
	for _, origin := range config.Origins {
		if page, err := url.Parse(origin); err != nil || origin != page.Scheme+"://"+page.Host || page.Host == "" ||
			page.Scheme != "https" && page.Scheme != "http" || strings.ContainsAny(page.Host, "*@") {
			return config, fmt.Errorf("--origin %q: want a scheme, a host and a port if it is not the usual one, "+
				"and nothing more, for example https://app.example; every origin by its name, without patterns", origin)
		}
	}
	return config, nil
}
