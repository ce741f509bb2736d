package main

import (
	"context"

	"github.com/dapr/components-contrib/nameresolution"
	"github.com/dapr/kit/logger"
)

// remembered is a resolver whose answers Dapr keeps for 20 seconds, as it does
// where it may ask for several addresses at once. Otherwise each call to another
// app is a query of SQLite, which costs a tenth of a millisecond or two, more
// than the call. A sidecar keeps its port for as long as the bank runs.
type remembered struct{ nameresolution.Resolver }

var _ nameresolution.ResolverMulti = remembered{}

// ResolveIDMulti is the one address that is known.
func (r remembered) ResolveIDMulti(ctx context.Context, request nameresolution.ResolveRequest) (nameresolution.AddressList, error) {
	address, err := r.ResolveID(ctx, request)
	if err != nil {
		return nil, err
	}
	return nameresolution.AddressList{address}, nil
}

// remembering makes a component whose answers are kept.
func remembering(make func(logger.Logger) nameresolution.Resolver) func(logger.Logger) nameresolution.Resolver {
	return func(log logger.Logger) nameresolution.Resolver { return remembered{make(log)} }
}
