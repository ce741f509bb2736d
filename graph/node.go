package graph

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"corebank/graph/model"
	"corebank/internal/bank"
)

// node returns the object that an id names; nil for an id that names nothing.
func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	own, past, ok := cutMark(id)
	switch {
	case !ok:
		return nil, badInput("id " + ownIDWanted(id) + ".")
	case past != nil && past.inFuture():
		return nil, badInput("id names a time in the future.")
	case past != nil:
		return r.pastNode(ctx, own, *past)
	}
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
	case bank.JournalID(id).Valid():
		if j, err := r.visibleJournal(ctx, bank.JournalID(id)); err != nil || j != nil {
			return j, err
		}
	case bank.TransferID(id).Valid():
		if t, err := r.transfer(ctx, bank.TransferID(id)); err != nil || t != nil {
			return t, err
		}
	default:
		if a, err := r.account(ctx, accountOfPart(id), waiting{}, nil); err != nil || a != nil {
			return partOf(a, id), err
		}
	}
	return nil, nil
}

// The id of an object that belongs to an account is the account's id with
// another prefix, and the version of the event that created the object.
const (
	accountPrefix     = "acc_"
	transactionPrefix = "txn_"
	holdPrefix        = "hld_"
	balancePrefix     = "bal_"
	limitsPrefix      = "lim_"
)

// partID is the id of what an account has once.
func partID(prefix string, id bank.AccountID) string {
	return prefix + strings.TrimPrefix(string(id), accountPrefix)
}

// accountOfPart is the id of the account that an id names, itself or by a part.
func accountOfPart(id string) string {
	for _, prefix := range []string{balancePrefix, limitsPrefix} {
		if digits, found := strings.CutPrefix(id, prefix); found {
			return accountPrefix + digits
		}
	}
	return id
}

func idWithin(prefix string, id bank.AccountID, version int64) string {
	return fmt.Sprintf("%s%s_%d", prefix, strings.TrimPrefix(string(id), accountPrefix), version)
}

// parseID is the inverse of idWithin; ok is false for any other text.
func parseID(prefix, id string) (bank.AccountID, int64, bool) {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return "", 0, false
	}
	account, number, _ := strings.Cut(rest, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	owner := bank.AccountID(accountPrefix + account)
	if err != nil || version < 1 || !owner.Valid() || id != idWithin(prefix, owner, version) {
		return "", 0, false // the last condition: an object has one id, so neither "+7" nor "07"
	}
	return owner, version, true
}

func transactionID(id bank.AccountID, version int64) string {
	return idWithin(transactionPrefix, id, version)
}

func parseTransactionID(id string) (bank.AccountID, int64, bool) {
	return parseID(transactionPrefix, id)
}
