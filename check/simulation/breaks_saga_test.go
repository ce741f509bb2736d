package simulation

import (
	"context"
	"errors"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// impatient takes a receiver that was not heard of for one that rejected the
// transfer, and lets the sender take the money back.
func impatient(call Call) Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		reply, err := call(ctx, id, batch)
		if err == nil {
			return reply, nil
		}
		if said := rejections(id, batch); said.Outcomes != nil {
			return said, nil
		}
		return reply, err
	}
}

// hearsay has receivers say that they reject a transfer which they have not
// thought about, and write nothing down.
func hearsay(call Call) Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		if said := rejections(id, batch); said.Outcomes != nil && batch.Commands[0].Hash()[0] < '4' {
			return said, nil
		}
		return call(ctx, id, batch)
	}
}

// rejections answers a batch of transfers with the word of a receiver alone; it
// is empty for any other batch.
func rejections(id bank.AccountID, batch contract.CommandBatch) (reply contract.CommandReply) {
	for _, c := range batch.Commands {
		r, err := rejection(id, c)
		if err != nil {
			return contract.CommandReply{}
		}
		reply.Outcomes = append(reply.Outcomes, contract.Outcome{Status: contract.Applied, Record: &r})
	}
	return reply
}

func rejection(id bank.AccountID, c contract.Command) (r contract.Record, err error) {
	command, err := c.Decode()
	if err != nil {
		return r, err
	}
	receive, is := command.(bank.ReceiveTransfer)
	if !is {
		return r, errors.New("it is no transfer")
	}
	r = contract.Record{Account: id, Key: c.Key}
	return r, r.SetEvent(bank.TransferRejected{Transfer: receive.Transfer, From: receive.From, Amount: receive.Amount,
		Rejection: bank.Rejection{Code: bank.AccountNotFound, Message: "There is no such account."}})
}
