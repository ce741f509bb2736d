package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"corebank/eventsource/immudb"
	"corebank/internal/atomicfile"
	"corebank/internal/contract"
)

// noted is the content of the file that has the number of partitions. Only a
// bank with several has such a file.
type noted struct {
	Partitions int `json:"partitions"`
}

// ReadPartitions reads how many partitions the log of the bank in a directory
// has; 0 if there is no log yet.
func ReadPartitions(path string) (int, error) {
	d := Dir{Path: path}
	text, err := os.ReadFile(d.partitionsFile())
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(d.Immudb(), immudb.DefaultDatabase)); err == nil {
			return 1, nil
		}
		return 0, nil
	}
	var n noted
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err == nil {
		err = contract.CheckPartitions(n.Partitions)
	}
	if err != nil {
		return 0, fmt.Errorf("read the number of partitions of the bank in %s: %w", path, err)
	}
	return n.Partitions, nil
}

// checkPartitions refuses a bank that was made with another number.
func (d Dir) checkPartitions() error {
	made, err := ReadPartitions(d.Path)
	if err != nil {
		return err
	}
	if made != 0 && made != d.Partitions {
		return fmt.Errorf("the bank in %[1]s was made with --partitions %[2]d, and that cannot be changed: "+
			"start it with --partitions %[2]d, or give another bank a directory of its own with --data DIR", d.Path, made)
	}
	return nil
}

func (d Dir) writePartitions() error {
	if d.Partitions == 1 {
		return nil
	}
	text, err := json.Marshal(noted{d.Partitions})
	if err != nil {
		return err
	}
	return atomicfile.Write(d.partitionsFile(), append(text, '\n'), 0o600)
}
