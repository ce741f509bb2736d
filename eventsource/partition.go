package eventsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Partition says which part of a log a database has. The zero value is a log
// that has only one.
type Partition struct {
	// Number is that of a partition, from 1. It is 0 for the order of all of
	// them, and for a log that has only one.
	Number int `json:"partition"`
	// Of is how many there are: 0 for a log that has only one.
	Of int `json:"partitions"`
}

// keyPartition is where a database of a log with several partitions says which
// part it has. It is written with the first epoch and never again; a log that
// has only one has no such entry.
const keyPartition = "partition"

// ErrPartition says that the database has another part of a log, or part of
// one with another number of partitions.
var ErrPartition = errors.New("this database has another part of a log, and nothing is written: the number of partitions is fixed when a bank is made")

// isOrder reports whether this is the order of several partitions.
func (p Partition) isOrder() bool { return p.Of > 0 && p.Number == 0 }

// owns reports whether an account's stream is in this partition.
func (p Partition) owns(id bank.AccountID) bool {
	return p.Number == 0 || contract.PartitionOf(id, p.Of) == p.Number
}

// foreign is why an account's stream is not in this partition.
func (p Partition) foreign(id bank.AccountID) string {
	return fmt.Sprintf("%s is in partition %d of %d and this is number %d: start whoever asks with --partitions %d",
		id, contract.PartitionOf(id, p.Of), p.Of, p.Number, p.Of)
}

func (p Partition) String() string {
	switch {
	case p.Of == 0:
		return "a log with one partition (--partitions 1)"
	case p.Number == 0:
		return fmt.Sprintf("the order of a log with %d partitions (--partitions %d)", p.Of, p.Of)
	default:
		return fmt.Sprintf("partition %d of a log with %d (--partitions %d)", p.Number, p.Of, p.Of)
	}
}

// entry is what a database says of itself, where it says something.
func (p Partition) entry() ([]*schema.KeyValue, error) {
	if p.Of == 0 {
		return nil, nil
	}
	value, err := json.Marshal(p)
	return []*schema.KeyValue{{Key: []byte(keyPartition), Value: value}}, err
}

// checkPartition fails with ErrPartition unless the database is a new one, or
// has the wanted part.
func checkPartition(ctx context.Context, c client.ImmuClient, want Partition, isNew bool) error {
	if isNew {
		return nil
	}
	var has Partition
	entry, err := c.Get(ctx, []byte(keyPartition))
	switch {
	case isNotFound(err):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(entry.Value, &has); err != nil {
			return fmt.Errorf("what the database says of its partition is damaged: %w", err)
		}
	}
	if has != want {
		return fmt.Errorf("%w (it has %s, and was opened as %s)", ErrPartition, has, want)
	}
	return nil
}
