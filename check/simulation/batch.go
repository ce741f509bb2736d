package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// batch is a postBatch of a client: several requests in one, on any accounts. The requests of an atomic one are in no
// other.
type batch struct {
	requests []*laws.Request
	atomic   bool
}

// insistBatch asks for a batch until every request in it has a definite answer, or the client loses patience.
func (c *client) insistBatch(key string) {
	b := &batch{atomic: c.th.IntN(2) == 0}
	for i := range 2 + c.th.IntN(4) {
		p, key := c.world.people[c.th.IntN(len(c.world.people))], fmt.Sprintf("%s-%d", key, i+1)
		if b.atomic {
			b.requests = append(b.requests, c.world.workload.Fresh(c.th.Rand, key, p.account))
		} else {
			b.requests = append(b.requests, c.world.workload.Next(c.th.Rand, key, p.account))
		}
	}
	if b.atomic {
		for _, r := range b.requests {
			r.Together = b.requests
		}
		c.world.mu.Lock()
		c.world.batches = append(c.world.batches, b)
		c.world.mu.Unlock()
	}
	for range 1 + c.th.IntN(4) {
		if slices.ContainsFunc(c.world.askBatch(c.th, b, c.th.between(1e9, 20e9)), laws.Answer.Settled) {
			return
		}
		if c.world.sleep(c.world.ctx, c.th.between(10e6, 1e9)) != nil {
			return
		}
	}
}

// askBatch sends a batch through some gateway and records what came of each request.
func (w *world) askBatch(th *thread, b *batch, patience time.Duration) (answers []laws.Answer) {
	ctx, cancel := context.WithTimeout(th.in(w.ctx), patience)
	defer cancel()
	sent := w.now()
	for _, r := range b.requests {
		th.note("asks %s to %s %v, in a batch, atomic: %t", w.name(string(r.Account)), r.Key, r.Command, b.atomic)
	}
	outcomes := w.carryBatch(ctx, th, b)
	if b.atomic {
		outcomes = w.checkAtomic(b, outcomes)
	}
	for i, r := range b.requests {
		a := attempt{Answer: laws.Answer{Request: r, Client: th.name, Sent: sent, Answered: w.now()}}
		a.take(outcomes[i])
		th.note("hears of %s: %s", r.Key, outcome(outcomes[i]))
		answers = append(answers, w.record(a))
	}
	return answers
}

// checkAtomic: of an atomic batch everything was applied or nothing. Why one was refused follows from what did not
// happen, so that nothing can be said of it later.
func (w *world) checkAtomic(b *batch, outcomes []contract.Outcome) []contract.Outcome {
	refused, applied := false, false
	for _, o := range outcomes {
		applied = applied || o.Status == contract.Applied
		refused = refused || o.Status == contract.Refused || o.Status == contract.NotTried
	}
	if refused && applied {
		w.violated(laws.Together, "of an atomic batch, that of %s, some was applied and some was not", b.requests[0].Key)
	}
	outcomes = slices.Clone(outcomes)
	for i, o := range outcomes {
		if o.Status == contract.Refused && o.Refusal.Code != bank.IdempotencyConflict {
			outcomes[i] = contract.Outcome{Status: contract.NotTried, Reason: "refused: " + o.Refusal.Message}
		}
	}
	return outcomes
}

// carryBatch is the way of a batch to a gateway and back.
func (w *world) carryBatch(ctx context.Context, th *thread, b *batch) []contract.Outcome {
	call := contract.ClearingBatch{Batch: contract.CommandBatch{Atomic: b.atomic}}
	for _, r := range b.requests {
		wire, err := contract.EncodeCommand(customer, r.Key, r.Command)
		if err != nil {
			panic(err) // the request was made of it
		}
		call.Accounts, call.Batch.Commands = append(call.Accounts, r.Account), append(call.Batch.Commands, wire)
	}
	var outcomes []contract.Outcome
	if !w.through(ctx, th, func(served context.Context, g *gateway) (err error) {
		outcomes, err = g.commands.ExecuteBatch(served, call)
		return err
	}) {
		return slices.Repeat([]contract.Outcome{{Status: contract.Unknown,
			Reason: "the connection to the gateway broke"}}, len(b.requests))
	}
	return outcomes
}
