package immudb

import "fmt"

// Names in immudb, unless flags give others.
const (
	DefaultDatabase = "corebank"
	DefaultUser     = "eventsource"
)

// NameOfPartition is the name of the database or user of one of several
// partitions. Number 0 is the sequence of all, or a log with one partition.
func NameOfPartition(name string, number int) string {
	if number == 0 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, number)
}
