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
}

// WriteRunning writes the addresses of the parts.
func (d Dir) WriteRunning(running Running) error {
	text, err := json.Marshal(running)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(d.RunFile(), append(text, '\n'), 0o600); err != nil {
		return unwritable(d.Path, err)
	}
	return nil
}

// ErrNeverRan says that no bank has run on a directory.
var ErrNeverRan = errors.New("no bank has run on --data")

// ReadRunning reads the addresses that the last bank on a directory had. The
// error is ErrNeverRan if there was none.
func ReadRunning(path string) (Running, error) {
	var running Running
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
