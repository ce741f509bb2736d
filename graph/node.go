package graph

import (
	"context"
	"fmt"
	"strconv"
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

// Ids of what belongs to an account are the account's id with another prefix,
// and the version of the event that made it.
const (
	accountPrefix     = "acc_"
	transactionPrefix = "txn_"
	holdPrefix        = "hld_"
)

func idWithin(prefix string, id bank.AccountID, version int64) string {
	return fmt.Sprintf("%s%s_%d", prefix, strings.TrimPrefix(string(id), accountPrefix), version)
}

// parseID is the inverse of idWithin; false for anything that is not one.
func parseID(prefix, id string) (bank.AccountID, int64, bool) {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return "", 0, false
	}
	account, number, _ := strings.Cut(rest, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	owner := bank.AccountID(accountPrefix + account)
	if err != nil || version < 1 || !owner.Valid() || id != idWithin(prefix, owner, version) {
		return "", 0, false // the last: one thing has one id, so not "+7" or "07"
	}
	return owner, version, true
}

func transactionID(id bank.AccountID, version int64) string {
	return idWithin(transactionPrefix, id, version)
}

func parseTransactionID(id string) (bank.AccountID, int64, bool) {
	return parseID(transactionPrefix, id)
}
