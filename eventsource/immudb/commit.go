package immudb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// plainEntry is the byte before every key and every value that Commit and its
// kind write; immudb has others for its own purposes.
const plainEntry = 0

// readCommit is what a transaction of a database of the log says: the records
// or rounds that it committed, in order, and what in it no event source would
// write.
func readCommit(tx *schema.Tx, part storage.Partition) commit {
	c := commit{part: part, keys: make(map[string]string)}
	for _, entry := range tx.Entries {
		c.read(entry)
	}
	slices.SortStableFunc(c.records, func(x, y contract.Record) int { return int(x.Position - y.Position) })
	c.checkKeys()
	c.checkBounds()
	return c
}

// commit is a transaction as it is read.
type commit struct {
	part    storage.Partition // whose database it is
	records []contract.Record
	rounds  []storage.Cut
	keys    map[string]string // versions by idempotency key's entry, of an earlier build
	bounds  []string          // the entries that say which positions it holds
	flaws   []string
}

func (c *commit) flaw(format string, args ...any) {
	c.flaws = append(c.flaws, fmt.Sprintf(format, args...))
}

func (c *commit) read(entry *schema.TxEntry) {
	if len(entry.Key) == 0 || entry.Key[0] != plainEntry || len(entry.Value) == 0 || entry.Value[0] != plainEntry {
		c.flaw("an entry %q that is none of the log's", entry.Key)
		return
	}
	key, value := string(entry.Key[1:]), entry.Value[1:]
	if m := entry.Metadata; m.GetDeleted() || m.GetNonIndexable() || m.GetExpiration() != nil {
		c.flaw("an entry %q that is marked as deleted, expiring or hidden", key)
	}
	switch {
	case c.part.IsSequence():
		c.readOrder(key, value)
	case key == keyPartition && c.part.Of > 0:
		c.readPartition(value)
	case isEventKey(entry.Key[1:]):
		c.readRecord(key, value)
	case isOldKey(entry.Key[1:]):
		c.keys[key] = string(value)
	case strings.HasPrefix(key, prefixBatch):
		c.bounds = append(c.bounds, key+" "+string(value))
	case key != keyEpoch && key != keyCheckpoint && key != keyAudit:
		c.flaw("an entry %q that is none of the log's", key)
	}
}

// readOrder reads an entry of an order.
func (c *commit) readOrder(key string, value []byte) {
	switch {
	case strings.HasPrefix(key, prefixRound):
		r, err := readRound([]byte(key), value)
		if err != nil {
			c.flaw("%v", err)
			return
		}
		c.rounds = append(c.rounds, r)
	case key == keyPartition:
		c.readPartition(value)
	case key != keyEpoch && key != keyCheckpoint && key != keyAudit:
		c.flaw("an entry %q that is none of the order's", key)
	}
}

// readPartition holds what the database says of itself against what it is.
func (c *commit) readPartition(value []byte) {
	var has storage.Partition
	if err := json.Unmarshal(value, &has); err != nil || has != c.part {
		c.flaw("%q as the part of the log that it has; it is %s", value, c.part)
	}
}

func (c *commit) readRecord(key string, value []byte) {
	var r contract.Record
	if err := contract.Decode(value, &r); err != nil {
		c.flaw("a stored record is damaged: %v: %q", err, key)
		return
	}
	if !r.Account.Valid() || key != string(eventKey(r.Account, r.Version)) {
		c.flaw("version %d of %s under %q", r.Version, r.Account, key)
	}
	c.records = append(c.records, r)
}

// checkKeys holds the idempotency keys' entries against the records'. A commit
// has them for all of its records or, since they have an index of their own, for
// none.
func (c *commit) checkKeys() {
	if len(c.keys) == 0 {
		return
	}
	for _, r := range c.records {
		entry := string(oldKey(r.Account, r.Key))
		if version := c.keys[entry]; version != strconv.FormatInt(r.Version, 10) {
			c.flaw("an entry %q with the version %q; version %d of %s carries its key %q", entry, version, r.Version, r.Account, r.Key)
		}
		delete(c.keys, entry)
	}
	for entry, version := range c.keys {
		c.flaw("an entry %q with the version %q, and no record that carries the key", entry, version)
	}
}

// checkBounds holds the commit's own entry against the records.
func (c *commit) checkBounds() {
	var want []string
	if n := len(c.records); n > 0 {
		value, err := json.Marshal(commitEntry{Last: c.records[n-1].Position})
		if err != nil {
			panic(err) // a number can be encoded
		}
		want = []string{string(batchKey(c.records[0].Position)) + " " + string(value)}
	}
	if !slices.Equal(c.bounds, want) {
		c.flaw("%q as what it holds; it holds %q", c.bounds, want)
	}
}
