package main

import (
	"fmt"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/localbank"
	"corebank/localbank/datadir"
)

// signInLink is like client.LocalToken, but an address of the gateway; if that is empty, of the one that runs.
func signInLink(gateway string) func(data, subject string, role identity.Role, lifetime time.Duration) (string, error) {
	return func(data, subject string, role identity.Role, lifetime time.Duration) (string, error) {
		if gateway == "" {
			running, err := datadir.ReadRunning(data)
			if err != nil {
				return "", err
			}
			gateway = running.Gateway
		} else if !issuer.Has(data) {
			return "", fmt.Errorf("there is no issuer in %[1]s; make one: corebank issuer --data %[1]s", data)
		}
		local, err := issuer.Open(data)
		if err != nil {
			return "", err
		}
		return localbank.SignInLink(gateway, datadir.Dir{Path: data}, local, subject, role, lifetime)
	}
}
