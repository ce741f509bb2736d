package bank

// Keys remembers which of an account's events carries which idempotency key:
// the newest KeysKept of them, so that memory stays bounded. What it has
// forgotten, the log still knows.
type Keys struct {
	versions map[string]int64
	order    []string // oldest first; at most KeysKept
	forgot   bool
}

// KeyEntry is one remembered key, as a snapshot keeps it.
type KeyEntry struct {
	Key     string `json:"k"`
	Version int64  `json:"v"`
}

// Entries are the remembered keys, oldest first, and whether older ones were
// forgotten.
func (k *Keys) Entries() (entries []KeyEntry, forgot bool) {
	entries = make([]KeyEntry, 0, len(k.order))
	for _, key := range k.order {
		entries = append(entries, KeyEntry{Key: key, Version: k.versions[key]})
	}
	return entries, k.forgot
}

// RestoreKeys is the memory that Entries described.
func RestoreKeys(entries []KeyEntry, forgot bool) *Keys {
	k := &Keys{forgot: forgot}
	for _, e := range entries {
		k.Remember(e.Key, e.Version)
	}
	return k
}

// KeysKept is how many of an account's newest keys are held in memory.
const KeysKept = 1024

// Find is the version of the event with the key. known is false when the key
// may belong to an event that is too old to be remembered here.
func (k *Keys) Find(key string) (version int64, known bool) {
	version, found := k.versions[key]
	return version, found || !k.forgot
}

// Remember notes that the event with version carries key. A key that is
// remembered already keeps its first event: that one is its answer.
func (k *Keys) Remember(key string, version int64) {
	if _, again := k.versions[key]; again {
		return
	}
	if k.versions == nil {
		k.versions = make(map[string]int64)
	}
	if len(k.order) == KeysKept {
		delete(k.versions, k.order[0])
		k.order = k.order[1:]
		k.forgot = true
	}
	k.versions[key] = version
	k.order = append(k.order, key)
}
