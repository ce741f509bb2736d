// Command client opens an account, pays into it, and reads it as it is and as it was.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/Khan/genqlient/graphql"
)

type signedIn struct{}

func (signedIn) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	return http.DefaultClient.Do(r)
}

func main() {
	if err := run(context.Background(), graphql.NewClient(os.Getenv("URL")+"/graphql", signedIn{})); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bank graphql.Client) error {
	opened, err := Open(ctx, bank, OpenAccountInput{Owner: "Ada", Currency: "EUR", IdempotencyKey: "open"})
	if err != nil {
		return err
	}
	id := opened.OpenAccount.Account.Id
	paid, err := Pay(ctx, bank, DepositInput{AccountId: id, Amount: MoneyInput{Value: "12.34", Currency: "EUR"},
		IdempotencyKey: "pay"})
	if err != nil {
		return err
	}
	version, ms := int64(2), int64(10_000)
	now, err := Now(ctx, bank, id, &version, &ms)
	if err != nil {
		return err
	}
	first := int64(1)
	past, err := Past(ctx, bank, id, &AsOf{Version: &first})
	if err != nil {
		return err
	}
	fmt.Println(paid.Deposit.Transaction.Amount.Value, now.Account.Version, now.Account.Balance.Current.Value,
		past.Account.Balance.Current.Value)
	return nil
}
