package main

import (
	"encoding/json"
	"path/filepath"

	"corebank/check/torture"
)

// writeRunning tells in a file where the parts are that other commands reach
// from outside. It is written before they are started.
func (d *dataDir) writeRunning(bank *parts) error {
	text, err := json.Marshal(torture.Running{Gateway: "http://" + bank.addresses["server"], Immudb: bank.addresses[partImmudb], Parts: bank.addresses})
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(d.path, torture.RunFile), append(text, '\n'), 0o600)
}
