package guard

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

func TestWhoWaitsAsToldIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(100, 500)
		spent := 0
		for b.take("mallory", requestCost) == 0 {
			spent += requestCost
		}
		if spent != 500 {
			t.Errorf("%d points came at once, want 500", spent)
		}
		if wait := b.take("ada", 500); wait != 0 {
			t.Errorf("another waits %s", wait)
		}
		wait := b.take("mallory", 400)
		if wait != 4*time.Second {
			t.Errorf("wait %s, want 4 s", wait)
		}
		time.Sleep(time.Duration(retrySeconds(wait)) * time.Second)
		if wait := b.take("mallory", 400); wait != 0 {
			t.Errorf("after the wait, wait %s again", wait)
		}
	})
}

// TestADearRequestIsPaidAfterwards: it needs a full bucket, and no more than two
// seconds' worth comes at once of anything else.
func TestADearRequestIsPaidAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Rates: Rates{PerPrincipal: 300}})
		spent := 0
		for g.principals.take("cheap", requestCost) == 0 {
			spent += requestCost
		}
		if spent != 600 {
			t.Errorf("%d points came at once, want 600", spent)
		}
		if wait := g.principals.take("dear", 20_000); wait != 0 {
			t.Fatalf("with a full bucket, wait %s", wait)
		}
		wait := g.principals.take("dear", requestCost)
		if want := time.Duration((20_000-600+requestCost)/300) * time.Second; wait < want || wait > want+time.Second {
			t.Errorf("the next one waits %s, want %s", wait, want)
		}
		time.Sleep(wait)
		if wait := g.principals.take("dear", requestCost); wait != 0 {
			t.Errorf("after that, wait %s again", wait)
		}
	})
}

// TestThoseRefusedTogetherComeBackApart: the times that they are given differ.
func TestThoseRefusedTogetherComeBackApart(t *testing.T) {
	seen := make(map[int]bool)
	for range 200 {
		wait := scattered(4 * time.Second)
		if wait < 4*time.Second || wait > 11*time.Second {
			t.Fatalf("%s", wait)
		}
		seen[retrySeconds(wait)] = true
	}
	if len(seen) < 4 {
		t.Errorf("200 callers come back at %d times", len(seen))
	}
}

func TestBucketsOfTheMostRecentAreKept(t *testing.T) {
	b := newBuckets(1, 1)
	for i := range bucketsKept + 10 {
		b.take(fmt.Sprint(i), 1)
	}
	if n := b.recent.Len(); n != bucketsKept {
		t.Errorf("%d are kept, want %d", n, bucketsKept)
	}
	if none := newBuckets(0, 1); none.take("anyone", 1<<30) != 0 {
		t.Error("without a limit, a request was limited")
	}
}

func TestNeighboursShareAnAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:1234":         "192.0.2.1",
		"[::ffff:192.0.2.1]:5":   "192.0.2.1",
		"[2001:db8:1:2:3::4]:5":  "2001:db8:1:2::/64",
		"[2001:db8:1:2::ffff]:6": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:5":       "fe80::/64",
		"@":                      "@",
	} {
		if got := network(remote); got != want {
			t.Errorf("%s is %s, want %s", remote, got, want)
		}
	}
}

func TestDocumentsAreKeptWithinTheirBytes(t *testing.T) {
	c := newCache(10, 100, func(key, text string) int { return len(key) + len(text) })
	ctx := t.Context()
	for i := range 9 {
		c.Add(ctx, fmt.Sprint(i), strings.Repeat("x", 19)) // 20 bytes each
	}
	for i := range 9 {
		if _, kept := c.Get(ctx, fmt.Sprint(i)); kept != (i >= 4) {
			t.Errorf("%d is kept: %t", i, kept)
		}
	}
	c.Add(ctx, "8", "y") // in place of the larger one
	c.Add(ctx, "large", strings.Repeat("x", 100))
	if _, kept := c.Get(ctx, "large"); kept || c.bytes != 82 {
		t.Errorf("what is too large is kept (%t), %d bytes", kept, c.bytes)
	}
	var _ graphql.Cache[string] = c
}

func TestMessagesAreCutBetweenRunes(t *testing.T) {
	for text, want := range map[string]string{
		"short": "short", "0123456789": "0123456789", "01234567890": "0123456…", "01234öööö": "01234ö…",
	} {
		if got := shortened(text, 10); got != want {
			t.Errorf("%q is cut to %q, want %q", text, got, want)
		}
	}
}
