package bank

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Keys remembers which of an account's events carries which idempotency key: the
// newest of them, as sums of 64 bits, so that memory stays bounded and small. What
// it has forgotten, the log still knows, and the log alone tells two keys of the
// same sum apart.
type Keys struct {
	max      int      // how many it remembers
	sums     []uint64 // a ring: oldest first from next on
	versions []int64  // by the same index
	next     int      // the index of the oldest, once the ring is full
	forgot   bool
}

// KeyEntry is one remembered key, as a snapshot keeps it.
type KeyEntry struct {
	Sum     uint64 `json:"s"`
	Version int64  `json:"v"`
}

// SumKey is what is remembered of a key.
func SumKey(key string) uint64 {
	sum := sha256.Sum256([]byte(key))
	return binary.BigEndian.Uint64(sum[:8])
}

// Entries are the remembered keys, oldest first, and whether older ones were
// forgotten.
func (k *Keys) Entries() (entries []KeyEntry, forgot bool) {
	entries = make([]KeyEntry, 0, len(k.sums))
	for i := range k.sums {
		at := (k.next + i) % len(k.sums)
		entries = append(entries, KeyEntry{Sum: k.sums[at], Version: k.versions[at]})
	}
	return entries, k.forgot
}

// RestoreKeys is a memory of the newest keys, at least one, that begins with what
// Entries described.
func RestoreKeys(limit int, entries []KeyEntry, forgot bool) *Keys {
	k := &Keys{max: max(1, limit), forgot: forgot}
	for _, e := range entries {
		k.remember(e.Sum, e.Version)
	}
	return k
}

// Find is the version of the event with the key, or with one of the same sum;
// 0 if none is remembered. known is false when the key may belong to an event
// that is too old to be remembered here.
func (k *Keys) Find(key string) (version int64, known bool) {
	if at := slices.Index(k.sums, SumKey(key)); at >= 0 {
		return k.versions[at], true
	}
	return 0, !k.forgot
}

// Remember notes that the event with version carries key. A key that is
// remembered already keeps its first event: that one is its answer.
func (k *Keys) Remember(key string, version int64) { k.remember(SumKey(key), version) }

func (k *Keys) remember(sum uint64, version int64) {
	switch {
	case slices.Contains(k.sums, sum):
	case len(k.sums) < k.max:
		k.sums, k.versions = append(k.sums, sum), append(k.versions, version)
	default:
		k.sums[k.next], k.versions[k.next] = sum, version
		k.next = (k.next + 1) % k.max
		k.forgot = true
	}
}
