package auditrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"corebank/eventsource/immudb"
	"corebank/internal/atomicfile"
	"corebank/internal/contract"
	"corebank/internal/output"
)

// audited is what a successful audit leaves for the next one.
type audited struct {
	Database string `json:"database"`
	immudb.State
	// Partitions are the states of several partitions; the state above is then that of their sequence.
	Partitions []immudb.State `json:"partitions,omitempty"`
	At         time.Time      `json:"at"`
}

// states are those of all databases, in their order.
func (a *audited) states() []immudb.State { return append([]immudb.State{a.State}, a.Partitions...) }

// readAudited reads what the last audit left: nil if there was none, or if there is no file for it.
func readAudited(path, database string, partitions int) (*audited, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var a audited
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the last audited state from %s: %w; put a good copy of it there", path, err)
	case a.Tx == 0 || a.Database != database:
		return nil, fmt.Errorf("%s is not an audited state of the database %q; give the right file with --state",
			path, database)
	case len(a.Partitions) != len(contract.PartitionApps(partitions)):
		return nil, fmt.Errorf("%s is not an audited state of a log with --partitions %d; give the right file with --state",
			path, partitions)
	}
	return &a, nil
}

func writeAudited(path string, a audited) error {
	if path == "" || a.Tx == 0 {
		return nil
	}
	text, err := json.Marshal(a)
	if err == nil {
		err = replace(path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the audited state to %s: %w; the next audit cannot continue from this one", path, err)
	}
	return nil
}

// replace replaces a file as a whole. One that is there keeps its mode; a new one
// is for its owner.
func replace(path string, text []byte) error {
	if _, err := os.Stat(path); err != nil {
		return atomicfile.Write(path, text, 0o600)
	}
	return output.Write(context.Background(), path, nil, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
