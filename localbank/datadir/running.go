package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"corebank/internal/atomicfile"
)

// Running has the addresses of the parts of a running bank. The bank writes
// them to a file before it starts the parts.
type Running struct {
	// Gateway is the URL of the API, Immudb the address of the log's database.
	Gateway string `json:"gateway"`
	Immudb  string `json:"immudb"`
	// Parts are the addresses of all parts: of an app its health, of a sidecar
	// its gRPC API.
	Parts map[string]string `json:"parts"`
	// Metrics are the addresses of the apps' metrics.
	Metrics []string `json:"metrics,omitempty"`
	// Machines are those of a bank on several, by number from 1. Then Parts and Immudb
	// are empty: each machine's own directory has its own.
	Machines []Machine `json:"machines,omitempty"`
}

// Machine is one machine of a bank on several.
type Machine struct {
	Number  int          `json:"number"`
	State   MachineState `json:"state"`
	Data    string       `json:"data"`
	Gateway string       `json:"gateway"`
	// Processes are the parts that run, with their process ids.
	Processes map[string]int `json:"processes,omitempty"`
}

// MachineState is what a machine does.
type MachineState string

// The states of a machine.
const (
	MachineStarting MachineState = "starting"
	MachineReady    MachineState = "ready"
	MachineStopped  MachineState = "stopped" // on request; its disk is as it was
	MachineLost     MachineState = "lost"    // on request, and its disk with it
)

// WriteRunning writes the addresses of the parts.
func (d Dir) WriteRunning(running Running) error {
	text, err := json.Marshal(running)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(d.RunFile(), append(text, '\n'), 0o600); err != nil {
		return unwritable(d.Path, err)
	}
	if len(running.Metrics) == 0 {
		return nil
	}
	return d.writeTargets(running.Metrics)
}

// writeTargets writes where Prometheus finds the metrics, in the form that it reads by itself (file_sd_configs).
func (d Dir) writeTargets(addresses []string) error {
	text, err := json.Marshal([]map[string][]string{{"targets": addresses}})
	if err != nil {
		return err
	}
	if err := atomicfile.Write(d.Targets(), append(text, '\n'), 0o600); err != nil {
		return unwritable(d.Path, err)
	}
	return nil
}

// ErrNeverRan says that no bank has run on a directory.
var ErrNeverRan = errors.New("no bank has run on --data")

// ErrCopied says that a directory was copied or moved, and that no bank has run on it since.
var ErrCopied = errors.New("a copy of the directory of another bank, or one that was moved")

// ReadRunning reads the addresses that the last bank on a directory had. The
// error is ErrNeverRan if there was none, and ErrCopied if it was elsewhere.
func ReadRunning(path string) (Running, error) {
	var running Running
	if (Dir{Path: path}).isCopy() {
		return running, fmt.Errorf("no bank has run on --data %[1]s since it is there: it is %[2]w; "+
			"start it first, which checks it: corebank up --data %[1]s", path, ErrCopied)
	}
	text, err := os.ReadFile(Dir{Path: path}.RunFile())
	if errors.Is(err, fs.ErrNotExist) {
		return running, fmt.Errorf("%w %s", ErrNeverRan, path)
	}
	if err == nil {
		err = json.Unmarshal(text, &running)
	}
	if err != nil {
		return running, fmt.Errorf("find the bank on --data %s: %w", path, err)
	}
	return running, nil
}
