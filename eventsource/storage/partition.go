package storage

import (
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// ErrPartition reports that the database belongs to another partition, or to a log with another number of partitions.
var ErrPartition = errors.New("this database has another part of a log, and nothing is written: " +
	"the number of partitions is fixed when a bank is made")

// Partition says which part of a log a database has. The zero value is a log with one partition.
type Partition struct {
	// Number counts partitions from 1. It is 0 for the sequence log of several partitions, and for a log with one.
	Number int `json:"partition"`
	// Of is the number of partitions, or 0 for a log with one.
	Of int `json:"partitions"`
}

// IsSequence reports whether this is the sequence log of several partitions.
func (p Partition) IsSequence() bool { return p.Of > 0 && p.Number == 0 }

// Owns reports whether an account's stream is in this partition.
func (p Partition) Owns(id bank.AccountID) bool {
	return p.Number == 0 || contract.PartitionOf(id, p.Of) == p.Number
}

// Foreign says why an account's stream is not in this partition, and what to do.
func (p Partition) Foreign(id bank.AccountID) string {
	return fmt.Sprintf("%s is in partition %d of %d and this is number %d: start the caller with --partitions %d",
		id, contract.PartitionOf(id, p.Of), p.Of, p.Number, p.Of)
}

// Apart says why no append can have the streams of two accounts, of which only the first is in this partition.
func (p Partition) Apart(owned, foreign bank.AccountID) string {
	return fmt.Sprintf("%s is in partition %d of %d and %s in number %d: nothing can be appended to both at once",
		owned, p.Number, p.Of, foreign, contract.PartitionOf(foreign, p.Of))
}

func (p Partition) String() string {
	switch {
	case p.Of == 0:
		return "a log with one partition (--partitions 1)"
	case p.Number == 0:
		return fmt.Sprintf("the sequence of a log with %d partitions (--partitions %d)", p.Of, p.Of)
	default:
		return fmt.Sprintf("partition %d of a log with %d (--partitions %d)", p.Number, p.Of, p.Of)
	}
}
