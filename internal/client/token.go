package client

import (
	"fmt"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
)

// LocalToken makes a token with the issuer in the data directory of a bank that
// runs on this machine.
func LocalToken(data, subject string, role identity.Role, lifetime time.Duration) (string, error) {
	if !issuer.Has(data) {
		return "", fmt.Errorf(
			"no bank has run on --data %[1]s; give the directory of a bank, or start one: corebank up --data %[1]s", data)
	}
	local, err := issuer.Open(data)
	if err != nil {
		return "", err
	}
	return local.Token(subject, role, time.Now(), lifetime)
}
