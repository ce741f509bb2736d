package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/client"
	"corebank/internal/identity"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// readSecret reads the secret in the file of a flag. An empty path is an empty
// secret.
func readSecret(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	secret, err := secrets.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--%s: %w", flag, err)
	}
	return secret, nil
}

// tokenVariable is the environment variable with the token that a command signs
// in with. A token is never an argument, which others on the machine could see.
const tokenVariable = "COREBANK_TOKEN"

// signInToken is the token in the environment or else in a file; empty if there
// is neither.
func signInToken(file string) (string, error) {
	if token := os.Getenv(tokenVariable); token != "" {
		return token, nil
	}
	return readSecret("token-file", file)
}

// signIn completes how a command reaches a bank as an auditor: at the address of
// the bank on a data directory, unless --url gives another, and with a token of
// its issuer, unless there is another.
func signIn(c *cobra.Command, bank *client.Client, data, tokenFile string) (err error) {
	if running, err := datadir.ReadRunning(data); err == nil && !c.Flag("url").Changed {
		bank.URL = running.Gateway
	}
	if bank.Token, err = signInToken(tokenFile); bank.Token == "" && err == nil {
		bank.Token, err = client.LocalToken(data, string(identity.Auditor), identity.Auditor, time.Hour)
	}
	if err != nil {
		return fmt.Errorf("sign in with %s, --token-file or --data: %w", tokenVariable, err)
	}
	return nil
}
