// Package sequencer makes one log of several partitions. A Sequencer follows the partitions and gives each record a
// permanent position in the merged log, after the record that caused it, by adding cuts to a storage.SequenceLog. A
// MergedLog reads the partitions in that order. It may import storage, bank, contract and app.
package sequencer
