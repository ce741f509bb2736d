package projector

import (
	"context"
	"maps"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"corebank/internal/bank"
	"corebank/internal/metrics"
	"corebank/internal/view"
)

// Limits of the document cache.
const (
	// maxCachedDocuments take some tens of MiB: most documents are one or two KiB.
	maxCachedDocuments = 20_000
	// maxCachedParts is the maximum of holds, transfers and reversals in a document
	// that is cached.
	maxCachedParts = 100
)

// documentCache holds the documents that were written last, so that a batch of
// the topic does not read again what the batch before has written.
//
// The cache is valid as long as no other projector writes the store. A projector
// that applies records moves the checkpoint; this one then reloads and clears
// the cache. A replay by another projector does not move the checkpoint, but it
// changes only quarantined documents, which are never cached: of any other
// document it makes the same again.
type documentCache struct {
	documents *simplelru.LRU[bank.AccountID, view.Account]
	looked    metrics.Cache
}

func newDocumentCache() documentCache {
	documents, err := simplelru.NewLRU[bank.AccountID, view.Account](maxCachedDocuments, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return documentCache{documents, metrics.NewCache("view_documents")}
}

func (c documentCache) clear() { c.documents.Purge() }

// put caches documents as they were written.
func (c documentCache) put(written []view.Account) {
	for _, a := range written {
		if a.Quarantined() || len(a.Holds)+len(a.InTransit)+len(a.Reversed) > maxCachedParts {
			c.documents.Remove(a.ID)
			continue
		}
		c.documents.Add(a.ID, a)
	}
}

// accounts returns those of the documents that exist. It reads from the store
// what is not cached.
func (c documentCache) accounts(
	ctx context.Context, store view.Store, ids []bank.AccountID,
) (map[bank.AccountID]view.Account, error) {
	found := make(map[bank.AccountID]view.Account, len(ids))
	var missing []bank.AccountID
	for _, id := range ids {
		if a, cached := c.documents.Get(id); cached {
			found[id] = a
		} else {
			missing = append(missing, id)
		}
	}
	c.looked.Hits.Add(float64(len(found)))
	c.looked.Misses.Add(float64(len(missing)))
	if len(missing) == 0 {
		return found, nil
	}
	read, err := store.Accounts(ctx, missing)
	maps.Copy(found, read)
	return found, err
}
