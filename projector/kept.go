package projector

import (
	"context"
	"maps"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Bounds of what a projector keeps in memory of what it wrote.
const (
	// documentsKept are some tens of MiB, as most documents take a KiB or two.
	documentsKept = 20_000
	// partsKept is how many holds, transfers and reversals a document may have
	// to be kept.
	partsKept = 100
)

// kept are the documents that were written last, lest each batch of the topic
// read again what the one before has written. They are those of the store as
// long as nobody else writes it, which whoever else writes makes known: the
// checkpoint moves, and the projector loads it. A replay by another projector
// leaves the checkpoint where it is: of a document in good order it makes the same
// again, and one that stands still is not kept.
type kept struct {
	documents *simplelru.LRU[bank.AccountID, view.Account]
}

func newKept() kept {
	documents, err := simplelru.NewLRU[bank.AccountID, view.Account](documentsKept, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return kept{documents}
}

// forget forgets all of them.
func (k kept) forget() { k.documents.Purge() }

// put keeps documents as they were written.
func (k kept) put(written []view.Account) {
	for _, a := range written {
		if a.Quarantined() || len(a.Holds)+len(a.InTransit)+len(a.Reversed) > partsKept {
			k.documents.Remove(a.ID)
			continue
		}
		k.documents.Add(a.ID, a)
	}
}

// accounts are those of the documents that exist, read where they are not kept.
func (k kept) accounts(ctx context.Context, store view.Store, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	found := make(map[bank.AccountID]view.Account, len(ids))
	var unknown []bank.AccountID
	for _, id := range ids {
		if a, known := k.documents.Get(id); known {
			found[id] = a
		} else {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return found, nil
	}
	read, err := store.Accounts(ctx, unknown)
	maps.Copy(found, read)
	return found, err
}
