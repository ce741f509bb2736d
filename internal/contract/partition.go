package contract

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"corebank/internal/bank"
)

// MaxPartitions bounds the partitions of a bank's log.
const MaxPartitions = 64

// PartitionOf is the partition of an account's stream, from 1 to partitions. It
// must never change: the log was written by it.
func PartitionOf(id bank.AccountID, partitions int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return 1 + int(h.Sum64()%uint64(max(1, partitions)))
}

// EventSourceOf is the app that appends to an account's stream and reads it.
func EventSourceOf(id bank.AccountID, partitions int) string {
	if partitions <= 1 {
		return AppEventSource
	}
	return PartitionApp(PartitionOf(id, partitions))
}

// PartitionApp is the app that keeps a partition, of those that are numbered
// from 1.
func PartitionApp(number int) string { return AppEventSource + "-" + strconv.Itoa(number) }

// PartitionApps are the apps that keep the partitions of a log; none of a log
// that has only one.
func PartitionApps(partitions int) (apps []string) {
	for number := 1; number <= partitions && partitions > 1; number++ {
		apps = append(apps, PartitionApp(number))
	}
	return apps
}

// CheckPartitions is nil for a number of partitions that a log can have.
func CheckPartitions(partitions int) error {
	if partitions < 1 || partitions > MaxPartitions {
		return fmt.Errorf("%d partitions: want 1 to %d", partitions, MaxPartitions)
	}
	return nil
}

// PartitionPosition is the place of a record in a partition: positions there count from 1
// without gaps, as those of the whole log do.
type PartitionPosition struct {
	Partition int   `json:"partition"`
	Position  int64 `json:"position"`
}
