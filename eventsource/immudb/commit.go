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

// plainEntry is the byte before every key and every value that an event source writes. immudb has others for its own
// purposes.
const plainEntry = 0

// readCommit reads a transaction of the log's database: the records or cuts that it committed, in order, and what no
// event source would have written.
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

// commit is a transaction as the audit reads it.
type commit struct {
	part    storage.Partition // of the database
	records []contract.Record
	cuts    []storage.Cut
	names   bool              // it has the id of the log
	keys    map[string]string // of an earlier build: versions by the entry of an idempotency key
	bounds  []string          // the entries that say which positions the commit has
	flaws   []string
}

func (c *commit) addFlaw(format string, args ...any) {
	c.flaws = append(c.flaws, fmt.Sprintf(format, args...))
}

func (c *commit) read(entry *schema.TxEntry) {
	if len(entry.Key) == 0 || entry.Key[0] != plainEntry || len(entry.Value) == 0 || entry.Value[0] != plainEntry {
		c.addFlaw("an entry %q that does not belong to the log", entry.Key)
		return
	}
	key, value := string(entry.Key[1:]), entry.Value[1:]
	if m := entry.Metadata; m.GetDeleted() || m.GetNonIndexable() || m.GetExpiration() != nil {
		c.addFlaw("an entry %q that is marked as deleted, expiring or hidden", key)
	}
	switch c.names = c.names || key == keyLog; {
	case c.part.IsSequence():
		c.readSequence(key, value)
	case key == keyPartition && c.part.Of > 0:
		c.readPartition(value)
	case isEventKey(entry.Key[1:]):
		c.readRecord(key, value)
	case isOldKey(entry.Key[1:]):
		c.keys[key] = string(value)
	case strings.HasPrefix(key, prefixBatch):
		c.bounds = append(c.bounds, key+" "+string(value))
	case !isBeside(key):
		c.addFlaw("an entry %q that does not belong to the log", key)
	}
}

// readSequence reads an entry of a sequence log.
func (c *commit) readSequence(key string, value []byte) {
	switch {
	case strings.HasPrefix(key, prefixCut):
		cut, err := readCut([]byte(key), value)
		if err != nil {
			c.addFlaw("%v", err)
			return
		}
		c.cuts = append(c.cuts, cut)
	case key == keyPartition:
		c.readPartition(value)
	case !isBeside(key):
		c.addFlaw("an entry %q that does not belong to the sequence log", key)
	}
}

// isBeside recognizes the keys of what is stored beside a log and beside a sequence log.
func isBeside(key string) bool {
	return key == keyEpoch || key == keyCheckpoint || key == keyAudit || key == keyLog || key == keyMembers ||
		key == keyShown
}

// readPartition compares the stored partition with the expected one.
func (c *commit) readPartition(value []byte) {
	var has storage.Partition
	if err := json.Unmarshal(value, &has); err != nil || has != c.part {
		c.addFlaw("the partition %q, but the database is %s", value, c.part)
	}
}

func (c *commit) readRecord(key string, value []byte) {
	var r contract.Record
	if err := contract.Decode(value, &r); err != nil {
		c.addFlaw("a stored record is damaged: %v: %q", err, key)
		return
	}
	if !r.Account.Valid() || key != string(eventKey(r.Account, r.Version)) {
		c.addFlaw("version %d of %s under %q", r.Version, r.Account, key)
	}
	c.records = append(c.records, r)
}

// checkKeys compares the entries of idempotency keys with the records. A commit has such entries for all of its records
// or, since the keys have an index of their own, for none.
func (c *commit) checkKeys() {
	if len(c.keys) == 0 {
		return
	}
	for _, r := range c.records {
		entry := string(oldKey(r.Account, r.Key))
		if version := c.keys[entry]; version != strconv.FormatInt(r.Version, 10) {
			c.addFlaw("an entry %q with the version %q; version %d of %s carries its key %q",
				entry, version, r.Version, r.Account, r.Key)
		}
		delete(c.keys, entry)
	}
	for entry, version := range c.keys {
		c.addFlaw("an entry %q with the version %q, and no record that carries the key", entry, version)
	}
}

// checkBounds compares the commit's own entry with the records.
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
		c.addFlaw("the bounds %q, but its records need %q", c.bounds, want)
	}
}
