package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"corebank/server/guard"
)

// Flags of the gateway's guard.
const (
	flagProduction     = "production"
	flagIntrospection  = "introspection"
	flagRate           = "rate"
	flagRatePerAddress = "rate-per-address"
	flagTrusted        = "trusted-documents"
	flagTrustedOnly    = "trusted-only"
	flagHost           = "host"
	flagOrigin         = "origin"
)

// Rates in points of cost per second. A deposit costs about 70, a balance 10, a
// page of 50 lines some hundreds. The local rate is more than one machine can
// answer; production's suits a busy program, and an office behind one address.
const (
	localRate             = 100_000_000
	productionRate        = 20_000
	productionAddress     = 100_000
	maxRate               = 1_000_000_000
	productionConnections = 2_000 // of one address
)

// guardFlags are the flags that say how strict the gateway is.
type guardFlags struct {
	config  guard.Config
	trusted string
}

func (f *guardFlags) add(c *cobra.Command) {
	flags, config := c.Flags(), &f.config
	flags.BoolVar(&config.Production, flagProduction, false,
		"no introspection, suggestions or GraphiQL")
	flags.BoolVar(&config.Introspection, flagIntrospection, false,
		"allow introspection in production")
	flags.IntVar(&config.Rates.PerPrincipal, flagRate, localRate,
		fmt.Sprintf("points of cost per second for one caller, 0 for no limit; %d in production", productionRate))
	flags.IntVar(&config.Rates.PerAddress, flagRatePerAddress, localRate,
		fmt.Sprintf("the same for one address; %d in production", productionAddress))
	flags.StringVar(&f.trusted, flagTrusted, "",
		`file of trusted documents, {"sha256": "document", ...}`)
	flags.BoolVar(&config.TrustedOnly, flagTrustedOnly, false,
		"refuse all documents that are not trusted")
	flags.StringSliceVar(&config.Hosts, flagHost, nil,
		"names that the Host header may have besides the names of this machine")
	flags.StringSliceVar(&config.Origins, flagOrigin, nil,
		"origins whose pages may use the API besides the gateway's own, such as https://app.example")
}
