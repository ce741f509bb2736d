package oidc_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"corebank/internal/identity/oidc"
)

// TestANewKeyIsTakenWithinTenSeconds, whether it has the id of the old one, one of
// its own or none, also while made-up keys keep the issuer busy. Until then the
// answer is that the token may be sent again.
func TestANewKeyIsTakenWithinTenSeconds(t *testing.T) {
	for name, ids := range map[string][2]string{"the old id": {"k1", "k1"}, "another id": {"k1", "k2"},
		"no id": {"", ""}, "an id at last": {"", "k2"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, fresh := newSigner(t, ids[0], jose.ES256), newSigner(t, ids[1], jose.ES256)
				v, issuer := verifier(t, old)
				if _, err := v.Verify(t.Context(), old.sign(t, claims())); err != nil {
					t.Fatal(err)
				}
				issuer.publish(fresh.public)
				token, began := fresh.sign(t, claims()), time.Now()
				for {
					_, err := v.Verify(t.Context(), token)
					if err == nil {
						break
					}
					if !errors.Is(err, oidc.ErrKeyUnknown) || errors.Is(err, oidc.ErrRefused) {
						t.Fatalf("after %s: %v", time.Since(began), err)
					}
					if time.Since(began) > 10*time.Second {
						t.Fatalf("not taken after %s: %v", time.Since(began), err)
					}
					for i := range 20 {
						made := newSigner(t, fmt.Sprint("made up ", i), jose.ES256)
						if _, err := v.Verify(t.Context(), made.sign(t, claims())); err == nil {
							t.Fatal("a made-up key is taken")
						}
					}
					time.Sleep(500 * time.Millisecond)
				}
				if n := issuer.fetched.Load(); n != 2 {
					t.Errorf("the issuer was asked %d times", n)
				}
			})
		})
	}
}

// TestMadeUpKeysCostTheIssuerNothing: a minute of them is a handful of reads, and
// each is refused for good once the keys were read after it.
func TestMadeUpKeysCostTheIssuerNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, issuer := verifier(t, newSigner(t, "k1", jose.ES256))
		patient := newSigner(t, "k9", jose.ES256).sign(t, claims())
		var last error
		for i := range 60 {
			for j := range 10 {
				made := newSigner(t, fmt.Sprint(i, " ", j), jose.ES256)
				if _, err := v.Verify(t.Context(), made.sign(t, claims())); err == nil {
					t.Fatal("a made-up key is taken")
				}
			}
			_, last = v.Verify(t.Context(), patient)
			time.Sleep(time.Second)
		}
		if n := issuer.fetched.Load(); n > 7 {
			t.Errorf("the issuer was asked %d times in a minute", n)
		}
		if !errors.Is(last, oidc.ErrRefused) {
			t.Errorf("after a minute: %v", last)
		}
	})
}
