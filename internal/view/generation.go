package view

import (
	"context"
	"errors"
)

// ErrRetired says that another process has switched away from these views, or
// has removed them. Nothing was written; open the live ones.
var ErrRetired = errors.New("these views are live no more")

// Generations keeps several builds of the views side by side. One of them is
// live: queries read it. Readers in every process follow a switch by
// themselves.
type Generations interface {
	// Live opens the one that is live; the first one is made if need be.
	Live(ctx context.Context) (Generation, error)
	// Create makes an empty one beside the live one, in place of what an
	// interrupted rebuild may have left. The caller closes it.
	Create(ctx context.Context) (Generation, error)
	// Previous opens the one that was live before the last switch, or fails
	// with ErrNotFound. The caller closes it.
	Previous(ctx context.Context) (Generation, error)
	// Switch makes a generation live, in one step that a crash does not
	// divide, and returns the number of what was live: that becomes the
	// previous one, and older ones go, at the next switch at the latest.
	// Where several processes share a store, what was live may refuse their
	// writes with ErrRetired from then on.
	Switch(ctx context.Context, to Generation) (was int64, err error)
	// Shared is empty if no other bank stores its views there.
	// Otherwise it names the store, and the setting that chose it.
	Shared() string
	// Discard closes a generation that is not live, and removes it.
	Discard(ctx context.Context, g Generation) error
}

// Built is a store that a projector writes and that can be looked at as a
// whole.
type Built interface {
	Store
	Snapshots
}

// Generation is one build of the views, from the whole log. Numbers grow.
type Generation struct {
	Number int64
	Store  Built
}
