package immu

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/codenotary/immudb/pkg/api/schema"
)

// entry is the newest value of a key. The caller holds the lock.
func (d *Database) entry(key string) *schema.Entry {
	places := d.newest[key]
	if len(places) == 0 {
		return nil
	}
	last := places[len(places)-1]
	return &schema.Entry{Tx: last.tx, Key: []byte(key), Value: d.log[last.tx-1].values[last.index]}
}

// Get is the newest value of a key that is committed.
func (d *Database) Get(key []byte) (*schema.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if entry := d.entry(string(key)); entry != nil {
		return entry, nil
	}
	return nil, errNotFound
}

// GetAll is Get for many keys; those that are absent are left out.
func (d *Database) GetAll(keys [][]byte) *schema.Entries {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := &schema.Entries{}
	for _, key := range keys {
		if entry := d.entry(string(key)); entry != nil {
			found.Entries = append(found.Entries, entry)
		}
	}
	return found
}

// Scan reads a range of keys.
func (d *Database) Scan(request *schema.ScanRequest) *schema.Entries {
	d.mu.Lock()
	defer d.mu.Unlock()
	prefix, seek := string(request.Prefix), string(request.SeekKey)
	first, _ := slices.BinarySearch(d.keys, prefix)
	var keys []string
	for _, key := range d.keys[first:] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		order := strings.Compare(key, seek)
		if request.Desc {
			order = -order
		}
		if seek == "" || order > 0 || order == 0 && request.InclusiveSeek {
			keys = append(keys, key)
		}
	}
	if request.Desc {
		slices.Reverse(keys)
	}
	if request.Limit > 0 {
		keys = keys[:min(len(keys), int(request.Limit))]
	}
	found := &schema.Entries{}
	for _, key := range keys {
		found.Entries = append(found.Entries, d.entry(key))
	}
	return found
}

// Transactions are up to limit committed ones from the first.
func (d *Database) Transactions(first uint64, limit int, spec *schema.EntriesSpec) ([]*schema.Tx, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if first == 0 || first > d.committed {
		return nil, errNoTx
	}
	var read []*schema.Tx
	for tx := first; tx <= d.committed && len(read) < limit; tx++ {
		read = append(read, d.log[tx-1].proto(spec.GetKvEntriesSpec().GetAction()))
	}
	return read, nil
}

// Export is a transaction that is on the disk, committed or not, in the format in which a replica gets it.
func (d *Database) Export(tx uint64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if tx == 0 || tx > d.has() {
		return nil, errNoTx
	}
	t := d.log[tx-1]
	header, err := t.header.Bytes()
	if err != nil {
		return nil, err
	}
	var to bytes.Buffer
	write := func(of any, data ...byte) {
		_ = binary.Write(&to, binary.BigEndian, of) // a buffer takes all
		to.Write(data)
	}
	write(uint32(len(header)), header...)
	for i, key := range t.keys {
		write(uint16(1+len(key)), append([]byte{plain}, key...)...)
		write(uint16(0))
		write(uint32(1+len(t.values[i])), append([]byte{plain}, t.values[i]...)...)
	}
	return to.Bytes(), nil
}
