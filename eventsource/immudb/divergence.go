package immudb

import (
	"context"
	"fmt"
	"strings"

	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/copies"
	"corebank/internal/contract"
)

// tail is what a machine has on its disk and the primary has not.
type tail struct {
	first        uint64 // transaction
	transactions int
	records      []contract.Record
}

const tailShown = 5 // records that a tail names

// String says what is in it.
func (t tail) String() string {
	if len(t.records) == 0 {
		return "none"
	}
	var shown []string
	for _, r := range t.records[:min(tailShown, len(t.records))] {
		shown = append(shown, fmt.Sprintf("%s of %s version %d with key %q", r.Type, r.Account, r.Version, r.Key))
	}
	if more := len(t.records) - tailShown; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d: %s", len(t.records), strings.Join(shown, ", "))
}

// divergence compares a machine with the primary. It fails if the machine has committed what the primary has not: no
// replica can ever undo that.
func (m *Machines) divergence(ctx context.Context, machine, primary copies.Machine) (tail, error) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	theirs, err := m.config.asAdmin(ctx, machine.Address, m.config.Database)
	if err != nil {
		return tail{}, err
	}
	defer discard(theirs)
	ours, err := m.config.asAdmin(ctx, primary.Address, m.config.Database)
	if err != nil {
		return tail{}, err
	}
	defer discard(ours)
	if machine.Committed > 0 {
		same := machine.Committed <= primary.Has
		if same {
			same, err = isSame(ctx, theirs, ours, machine.Committed)
		}
		if err != nil {
			return tail{}, err
		}
		if !same {
			return tail{}, copies.Refusal(fmt.Sprintf("%s has committed up to transaction %d what the primary %s does not "+
				"have: keep its disk to look into it, and give the machine an empty one", machine.Address, machine.Committed,
				primary.Address))
		}
	}
	return m.tailOf(ctx, theirs, ours, machine, primary)
}

func isSame(ctx context.Context, x, y client.ImmuClient, tx uint64) (bool, error) {
	one, err := readUncommitted(ctx, x, tx)
	if err != nil {
		return false, err
	}
	other, err := readUncommitted(ctx, y, tx)
	return one.hash == other.hash, err
}

// tailOf is what a machine has after the last transaction that both have.
func (m *Machines) tailOf(
	ctx context.Context, theirs, ours client.ImmuClient, machine, primary copies.Machine,
) (t tail, err error) {
	for tx := machine.Committed + 1; tx <= machine.Has; tx++ {
		if t.first == 0 && tx <= primary.Has {
			same, err := isSame(ctx, theirs, ours, tx)
			if err != nil {
				return t, err
			}
			if same {
				continue
			}
		}
		if t.first == 0 {
			t.first = tx
		}
		u, err := readUncommitted(ctx, theirs, tx)
		if err != nil {
			return t, err
		}
		t.transactions++
		t.records = append(t.records, u.records...)
	}
	return t, nil
}
