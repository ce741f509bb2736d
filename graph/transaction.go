package graph

import (
	"fmt"
	"strconv"
	"strings"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

func transactionOf(t view.Transaction) *model.Transaction {
	money := func(minor int64) *model.Money {
		return moneyOf(bank.Money{Minor: minor, Currency: t.Currency})
	}
	return &model.Transaction{
		ID: transactionID(t.Account, t.Version), AccountID: string(t.Account), Type: model.TransactionType(t.Type),
		Amount: money(t.Amount), BalanceAfter: money(t.BalanceAfter), Version: int32(t.Version),
		OccurredAt: scalar.DateTime(t.OccurredAt), Reference: optional(t.Reference), Memo: optional(t.Memo),
	}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// The id of a transaction is its account's id with another prefix, and the
// version.
const (
	accountPrefix     = "acc_"
	transactionPrefix = "txn_"
)

func transactionID(id bank.AccountID, version int64) string {
	return fmt.Sprintf("%s%s_%d", transactionPrefix, strings.TrimPrefix(string(id), accountPrefix), version)
}

// parseTransactionID is the inverse of transactionID; false for anything that
// is not one.
func parseTransactionID(id string) (bank.AccountID, int64, bool) {
	rest, ok := strings.CutPrefix(id, transactionPrefix)
	if !ok {
		return "", 0, false
	}
	account, number, _ := strings.Cut(rest, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	owner := bank.AccountID(accountPrefix + account)
	if err != nil || version < 1 || !owner.Valid() || id != transactionID(owner, version) {
		return "", 0, false // the last: one transaction has one id, so not "+7" or "07"
	}
	return owner, version, true
}
