package main

import (
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/localbank"
	"corebank/localbank/datadir"
)

// signInLink is like client.LocalToken, but an address.
func signInLink(data, subject string, role identity.Role, lifetime time.Duration) (string, error) {
	running, err := datadir.ReadRunning(data)
	if err != nil {
		return "", err
	}
	local, err := issuer.Open(data)
	if err != nil {
		return "", err
	}
	return localbank.SignInLink(running.Gateway, datadir.Dir{Path: data}, local, subject, role, lifetime)
}
