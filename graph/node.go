package graph

import (
	"context"
	"errors"
	"fmt"

	"corebank/graph/model"
	"corebank/internal/view"
)

// node finds what an id names: an account or a transaction. Anything else
// names nothing.
func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	if owner, version, ok := parseTransactionID(id); ok {
		t, err := r.Views.Transaction(ctx, owner, version)
		if errors.Is(err, view.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("view of transaction %s: %w", id, err)
		}
		return transactionOf(t), nil
	}
	a, err := r.viewAccount(ctx, id, waiting{})
	if err != nil || a == nil {
		return nil, err
	}
	return viewedAccount(*a), nil
}
