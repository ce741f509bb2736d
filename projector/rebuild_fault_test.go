package projector_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/projector"
)

// faultyGenerations fails, or is killed, where a test demands it.
type faultyGenerations struct {
	view.Generations
	beforeSwitch func() error
	afterSwitch  func()
}

func (g faultyGenerations) Switch(ctx context.Context, to view.Generation) (int64, error) {
	if err := g.beforeSwitch(); err != nil {
		return 0, err
	}
	was, err := g.Generations.Switch(ctx, to)
	g.afterSwitch()
	return was, err
}

var errPower = errors.New("the power went out")

// killed runs work that ends with a panic, like a killed process: what it left open
// is not closed in order, and what it created is not removed.
func killed(t *testing.T, work func()) {
	t.Helper()
	defer func() {
		if got := recover(); got != errPower { //nolint:errorlint // the same value
			t.Fatalf("it ended with %v, want the panic", got)
		}
	}()
	work()
}

func TestACrashBeforeTheSwitchLeavesTheOldViewsLive(t *testing.T) {
	b := newBranch(t, 45)
	for range 2 {
		killed(t, func() {
			faulty := faultyGenerations{b.generations, func() error { panic(errPower) }, nil}
			_, _ = b.projector.Rebuild(t.Context(), faulty, func(projector.Progress) {})
		})
		b.restart()
		b.log.pay(t, 5)
		b.catchUp()
		b.shows(0)
	}
	if done := b.rebuild(); done.Generation != 1 {
		t.Errorf("rebuilt %+v, want generation 1, which replaces the interrupted one", done)
	}
	b.shows(1)
}

func TestACrashAfterTheSwitchLeavesTheNewViewsLive(t *testing.T) {
	b := newBranch(t, 45)
	killed(t, func() {
		faulty := faultyGenerations{b.generations, func() error { return nil }, func() { panic(errPower) }}
		_, _ = b.projector.Rebuild(t.Context(), faulty, func(projector.Progress) {})
	})
	b.restart()
	b.log.pay(t, 5)
	b.catchUp()
	b.shows(1)
}

func TestARebuildThatFailsLeavesNothing(t *testing.T) {
	full := errors.New("disk full")
	for name, test := range map[string]struct {
		spoil func(*branch, context.CancelFunc) view.Generations
		want  string
	}{
		"the switch fails": {func(b *branch, _ context.CancelFunc) view.Generations {
			return faultyGenerations{b.generations, func() error { return full }, nil}
		}, "disk full"},
		"the log goes away": {func(b *branch, _ context.CancelFunc) view.Generations {
			b.log.broken = errLogAway
			return b.generations
		}, errLogAway.Error()},
		"the command is stopped": {func(b *branch, stop context.CancelFunc) view.Generations {
			b.log.beforeRead = stop
			return b.generations
		}, context.Canceled.Error()},
		"the new views differ": {func(b *branch, _ context.CancelFunc) view.Generations {
			return forging{b.generations, func(c *view.Changes) { c.Transactions[len(c.Transactions)-1].Amount-- }}
		}, "has history with the digest"},
		"the new views lack a line": {func(b *branch, _ context.CancelFunc) view.Generations {
			return forging{b.generations, func(c *view.Changes) { c.Transactions = c.Transactions[1:] }}
		}, "has lines of history 8 and must have lines of history 9"},
		"the new views lack a document": {func(b *branch, _ context.CancelFunc) view.Generations {
			return forging{b.generations, func(c *view.Changes) {
				lost := c.Accounts[0].ID
				c.Accounts = c.Accounts[1:]
				c.Transactions = slices.DeleteFunc(c.Transactions, func(l view.Transaction) bool { return l.Account == lost })
			}}
		}, "has none, with 0 lines of history and must have the account"},
		"the new views have another document": {func(b *branch, _ context.CancelFunc) view.Generations {
			return forging{b.generations, func(c *view.Changes) { c.Accounts[0].Balance.Minor++ }}
		}, "has balance"},
		"the new views have a document too many": {func(b *branch, _ context.CancelFunc) view.Generations {
			return forging{b.generations, func(c *view.Changes) {
				c.Accounts = append(c.Accounts, view.Account{Account: bank.Account{ID: customer(99)}})
			}}
		}, "must have no such account"},
		"the new views have another trial balance": {func(b *branch, _ context.CancelFunc) view.Generations {
			return forging{b.generations, func(c *view.Changes) { c.Trial.Totals = nil }}
		}, "must have the trial balance"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBranch(t, 45)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			_, err := b.projector.Rebuild(ctx, test.spoil(b, stop), func(projector.Progress) {})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("rebuild: %v, want %q", err, test.want)
			}
			b.log.broken, b.log.beforeRead = nil, nil
			if left, err := filepath.Glob(strings.TrimSuffix(b.path, ".db") + "-1.db*"); err != nil || len(left) > 0 {
				t.Errorf("files are left: %v (%v)", left, err)
			}
			b.log.pay(t, 5)
			b.catchUp()
			b.shows(0)
		})
	}
}

// forging creates new views whose changes are falsified.
type forging struct {
	view.Generations
	falsify func(*view.Changes)
}

func (f forging) Create(ctx context.Context) (view.Generation, error) {
	g, err := f.Generations.Create(ctx)
	g.Store = &forged{g.Store, f.falsify}
	return g, err
}

type forged struct {
	view.Built
	falsify func(*view.Changes)
}

func (s *forged) Apply(ctx context.Context, changes view.Changes) error {
	s.falsify(&changes)
	return s.Built.Apply(ctx, changes)
}

func TestOneRebuildAtATime(t *testing.T) {
	b := newBranch(t, 45)
	var second error
	b.log.beforeRead = sync.OnceFunc(func() {
		_, second = b.projector.Rebuild(t.Context(), b.generations, func(projector.Progress) {})
	})
	b.rebuild()
	if !errors.Is(second, projector.ErrRebuilding) {
		t.Errorf("the second rebuild: %v, want ErrRebuilding", second)
	}
	b.shows(1)
}

// shaky are generations whose previous one cannot read its checkpoint right after
// the switch to it.
type shaky struct{ view.Generations }

func (s shaky) Previous(ctx context.Context) (view.Generation, error) {
	g, err := s.Generations.Previous(ctx)
	g.Store = &unsteady{Built: g.Store}
	return g, err
}

func (s shaky) Switch(ctx context.Context, to view.Generation) (int64, error) {
	u := to.Store.(*unsteady)
	to.Store, u.shaken = u.Built, true
	return s.Generations.Switch(ctx, to)
}

type unsteady struct {
	view.Built
	shaken bool
}

func (u *unsteady) Checkpoint(ctx context.Context) (int64, error) {
	if u.shaken {
		u.shaken = false
		return 0, errors.New("the disk is slow")
	}
	return u.Built.Checkpoint(ctx)
}

func TestARollbackIsMadeThoughTheViewsCannotBeReadAtOnce(t *testing.T) {
	b := newBranch(t, 45)
	b.rebuild()
	b.log.pay(t, 5)
	done, err := b.projector.Rollback(t.Context(), shaky{b.generations}, func(projector.Progress) {})
	if err != nil || done.Generation != 0 || done.Was != 1 {
		t.Fatalf("rolled back %+v (%v), want from 1 to 0", done, err)
	}
	b.log.pay(t, 5)
	b.catchUp() // into open views
	b.shows(0)
}

// retired are views that another projector has switched away from.
type retired struct{ view.Store }

func (retired) Apply(context.Context, view.Changes) error { return view.ErrRetired }

func TestAProjectorFollowsTheSwitchOfAnother(t *testing.T) {
	b := newBranch(t, 45)
	old, err := b.generations.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := newProjector(retired{old.Store}, b.log)
	t.Cleanup(func() { other.Close(context.WithoutCancel(t.Context())) })
	b.rebuild()
	b.log.pay(t, 5)
	if err := other.CatchUp(t.Context()); !errors.Is(err, view.ErrRetired) {
		t.Fatalf("catch up: %v, want ErrRetired", err)
	}
	err = other.RetryOnLive(t.Context(), b.generations, func() error { return other.CatchUp(t.Context()) })
	if err != nil {
		t.Fatal(err)
	}
	b.shows(1)
	another := errors.New("not about views")
	if err := other.RetryOnLive(t.Context(), b.generations, func() error { return another }); !errors.Is(err, another) {
		t.Errorf("another error became %v", err)
	}
}
