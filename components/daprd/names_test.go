package main

import (
	"context"
	"errors"
	"testing"

	"github.com/dapr/components-contrib/nameresolution"
	"github.com/dapr/kit/logger"
)

type address string

func (a address) Init(context.Context, nameresolution.Metadata) error { return nil }
func (a address) Close() error                                        { return nil }

func (a address) ResolveID(context.Context, nameresolution.ResolveRequest) (string, error) {
	if a == "" {
		return "", errUnknown
	}
	return string(a), nil
}

var errUnknown = errors.New("no app has this name")

// Dapr keeps the answers of a resolver that can give several.
func TestNamesAreRememberedUnlessThereAreNone(t *testing.T) {
	for known, want := range map[address]error{"127.0.0.1:50001": nil, "": errUnknown} {
		made := withCache(func(logger.Logger) nameresolution.Resolver { return known })(logger.NewLogger("test"))
		resolver, keeps := made.(nameresolution.ResolverMulti)
		if !keeps {
			t.Fatal("Dapr does not keep what it resolves")
		}
		got, err := resolver.ResolveIDMulti(t.Context(), nameresolution.ResolveRequest{ID: "server"})
		if !errors.Is(err, want) || got.Pick() != string(known) {
			t.Errorf("resolved to %v (%v), want %q (%v)", got, err, known, want)
		}
	}
}
