package graph

import (
	"context"
	"strings"

	"corebank/graph/model"
	"corebank/internal/bank"
)

// node finds what an id names. Anything that is no id names nothing.
func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	if account, version, ok := parseTransactionID(id); ok {
		if t, err := r.transaction(ctx, account, version); err != nil || t != nil {
			return t, err
		}
		return nil, nil
	}
	switch {
	case strings.HasPrefix(id, holdPrefix):
		if h, err := r.hold(ctx, id); err != nil || h != nil {
			return h, err
		}
	case bank.TransferID(id).Valid():
		if t, err := r.transfer(ctx, bank.TransferID(id)); err != nil || t != nil {
			return t, err
		}
	default:
		if a, err := r.account(ctx, id, waiting{}, nil); err != nil || a != nil {
			return a, err
		}
	}
	return nil, nil
}
