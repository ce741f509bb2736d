// Package storage says what the event source needs of its storage, and has an implementation in
// memory for tests. Package immudb has the durable one. It may import bank, contract and app.
//
// A Log keeps the records of one partition (or of a bank with only one). A SequenceLog keeps the order in which the
// records of several partitions form one log.
package storage
