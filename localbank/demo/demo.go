package demo

import (
	"context"
	"fmt"
)

// Ask sends a GraphQL document and decodes the data of the answer into reply.
type Ask func(ctx context.Context, document string, variables map[string]any, reply any) error

// Result is what the bank has of the demo.
type Result struct {
	People, Companies, Accounts int
	// New is how many requests were not answered as earlier ones. Apart is how many
	// were left out, because their accounts are in different partitions of the log.
	New, Apart int
}

// Fill fills a bank. It may be called for a bank that is filled already, in part or
// as a whole, always by the same caller. progress is called before each request.
func Fill(ctx context.Context, ask Ask, progress func(done, total int)) (Result, error) {
	total := 0
	rehearsal := &clerk{send: func(string, map[string]any) (reply, error) { total++; return reply{}, nil }}
	tell(rehearsal)
	done := 0
	working := &clerk{send: func(operation string, input map[string]any) (reply, error) {
		progress(done, total)
		done++
		return post(ctx, ask, operation, input)
	}}
	tell(working)
	return working.result, working.err
}

// reply is what the mutations answer, each of them a part of it.
type reply struct {
	Replayed    bool
	Account     struct{ AccountID string }
	Transaction struct{ ID string }
	Hold        struct{ HoldID string }
	UserErrors  []struct{ Code, Message string }
}

// apart is the code of a request whose accounts cannot change in one step.
const apart = "ACCOUNTS_APART"

// selections are what is asked of the answers to the mutations, besides what all
// have.
var selections = map[string]string{
	"postTransaction": "",
	"placeHold":       "account { accountId } hold { holdId }",
}

// post sends a mutation.
func post(ctx context.Context, ask Ask, operation string, input map[string]any) (reply, error) {
	selection, special := selections[operation]
	if !special {
		selection = "account { accountId } transaction { id }"
	}
	document := fmt.Sprintf(`mutation($input: %s%sInput!) {
		payload: %s(input: $input) { replayed userErrors { code message } %s }
	}`, string(operation[0]-'a'+'A'), operation[1:], operation, selection)
	var data struct{ Payload reply }
	if err := ask(ctx, document, map[string]any{"input": input}, &data); err != nil {
		return reply{}, fmt.Errorf("%s: %w", operation, err)
	}
	return data.Payload, nil
}
