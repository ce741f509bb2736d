package graph

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

func TestTransactionIDsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account := bank.NewAccountID(rapid.String().Draw(t, "caller"), rapid.String().Draw(t, "key"))
		version := rapid.Int64Range(1, math.MaxInt64).Draw(t, "version")
		id := transactionID(account, version)
		if gotAccount, gotVersion, ok := parseTransactionID(id); !ok || gotAccount != account || gotVersion != version {
			t.Fatalf("%s of %s version %d is read as %s version %d, %v", id, account, version, gotAccount, gotVersion, ok)
		}
	})
}

func TestOtherTextIsNotATransactionID(t *testing.T) {
	digits := strings.TrimPrefix(string(ada), "acc_")
	ids := []string{"", "txn_", "txn__", string(ada), "txn_" + digits,
		"acc_" + digits + "_1", " txn_" + digits + "_1", "TXN_" + digits + "_1",
		"txn_acc_" + digits + "_1", "txn_txn_" + digits + "_1"}
	for _, account := range []string{
		digits[1:], digits[:25] + "\x00", strings.ToUpper(digits), strings.Repeat("a", 1<<16),
	} {
		ids = append(ids, "txn_"+account+"_1")
	}
	for _, version := range []string{"", "0", "-1", "+1", "01", "1 ", "1.0", "1e0", "0x1", "1_1", "٣",
		"9223372036854775808", strings.Repeat("0", 1000) + "1"} {
		ids = append(ids, "txn_"+digits+"_"+version)
	}
	for _, id := range ids {
		if account, version, ok := parseTransactionID(id); ok {
			t.Errorf("%.80q is version %d of %s", id, version, account)
		}
	}
}

func FuzzTransactionID(f *testing.F) {
	f.Add(transactionID(ada, 1))
	f.Add(transactionID(ada, math.MaxInt64))
	f.Add(transactionID(ada, 7) + "_7")
	f.Add("txn_aaaaaaaaaaaaaaaaaaaaaaaaaa_+7")
	f.Add("txn_\xff_1")
	f.Fuzz(func(t *testing.T, id string) {
		account, version, ok := parseTransactionID(id)
		if ok && (!account.Valid() || version < 1 || transactionID(account, version) != id) {
			t.Errorf("%q is read as version %d of %q", id, version, account)
		}
	})
}

func TestTransactionsInTheAPI(t *testing.T) {
	line := view.Transaction{Account: ada, Version: 7, Position: 99, Type: bank.WithdrawalEntry, Currency: "JPY",
		Amount: 500, BalanceAfter: 1000, OccurredAt: decidedAt, Reference: "rent"}
	reference := "rent"
	want := &model.Transaction{ID: transactionID(ada, 7), AccountID: string(ada), Type: model.TransactionTypeWithdrawal,
		Direction: model.DirectionDebit, Amount: &model.Money{Value: "500", Currency: "JPY"},
		BalanceAfter: &model.Money{Value: "1000", Currency: "JPY"}, Version: 7, OccurredAt: scalar.DateTime(decidedAt),
		EffectiveAt: scalar.DateTime(line.EffectiveAt), Reference: &reference, Line: line}
	if got := transactionOf(line); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, kind := range []bank.EntryType{bank.DepositEntry, bank.WithdrawalEntry} {
		if !slices.Contains(model.AllTransactionType, model.TransactionType(kind)) {
			t.Errorf("the schema has no transaction type %s", kind)
		}
	}
}
