package main

import (
	"context"
	"fmt"
	"iter"

	"corebank/check/audit"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// ordered reads a log with several partitions as an audit does: along the proven
// rounds of their order, from their proven transactions. Neither the sequencer
// nor its way of reading has a part in it.
type ordered struct {
	a     *audit.Auditor
	parts []*orderedPart
	last  storage.Cut // that was read
}

// orderedPart is a partition as far as it was read.
type orderedPart struct {
	number   int
	next     func() (immudb.ProvenTransaction, error, bool)
	read     []contract.Record // of the transaction that was read last, still to be placed
	position int64             // of the last record that was placed
}

// readOrdered gives the auditor the whole log. It returns how many records have
// no place in it yet.
func readOrdered(ctx context.Context, proofs []*immudb.Proof, a *audit.Auditor, display *auditDisplay) (waiting int64, err error) {
	o := &ordered{a: a, last: storage.Cut{Ends: make([]int64, len(proofs)-1)}}
	for i, proof := range proofs[1:] {
		next, stop := iter.Pull2(proof.Transactions(ctx))
		defer stop()
		o.parts = append(o.parts, &orderedPart{number: i + 1, next: next})
	}
	for tx, err := range proofs[0].Transactions(ctx) {
		if err != nil {
			return 0, fmt.Errorf("%s: %w", databaseName(0), err)
		}
		findFlaws(a, tx, "the order's")
		for _, round := range tx.Cuts {
			if err := o.round(round); err != nil {
				return 0, err
			}
		}
		display.tell(a.Records(), tx.ID, proofs[0].State.Tx)
	}
	return o.rest()
}

// round gives the auditor what a round places.
func (o *ordered) round(r storage.Cut) error {
	if err := r.Follows(o.last); err != nil {
		o.a.Find(audit.Finding{Rule: audit.RuleOrder, Expected: "rounds that count on, and take nothing back", Found: err.Error()})
		return nil
	}
	at := o.last.Last()
	for i, part := range o.parts {
		for range r.Ends[i] - o.last.Ends[i] {
			at++
			if err := o.place(part, at); err != nil {
				return err
			}
		}
	}
	o.last = r
	return nil
}

// place gives the auditor the next record of a partition at its position in the
// whole log.
func (o *ordered) place(part *orderedPart, at int64) error {
	r, there, err := part.take(o.a)
	if err != nil {
		return err
	}
	if !there {
		o.a.Find(audit.Finding{Rule: audit.RuleOrder, Position: at, Expected: "a record",
			Found: fmt.Sprintf("partition %d, which ends before its position %d", part.number, part.position)})
		return nil
	}
	o.check(part, r, at)
	r.Position = at
	o.a.Record(r)
	return nil
}

// check holds a record against the partition that it is in.
func (o *ordered) check(part *orderedPart, r contract.Record, at int64) {
	find := func(expected, found string) {
		o.a.Find(audit.Finding{Rule: audit.RuleOrder, Position: at, Account: r.Account, Version: r.Version, Expected: expected, Found: found})
	}
	if r.Position != part.position {
		find(fmt.Sprintf("position %d of partition %d", part.position, part.number), fmt.Sprintf("position %d", r.Position))
	}
	if belongs := contract.PartitionOf(r.Account, len(o.parts)); belongs != part.number {
		find(fmt.Sprintf("the account in partition %d", belongs), fmt.Sprintf("a record of it in partition %d", part.number))
	}
	after := r.After
	if after == nil {
		return
	}
	if after.Partition < 1 || after.Partition > len(o.parts) || o.parts[after.Partition-1].position < after.Position {
		find("a record that comes after what it came of", fmt.Sprintf("it came of position %d of partition %d", after.Position, after.Partition))
	}
}

// take is the next record of the partition, if there is one.
func (p *orderedPart) take(a *audit.Auditor) (contract.Record, bool, error) {
	for len(p.read) == 0 {
		tx, err, more := p.next()
		if err != nil {
			return contract.Record{}, false, fmt.Errorf("%s: %w", databaseName(p.number), err)
		}
		if !more {
			p.position++
			return contract.Record{}, false, nil
		}
		findFlaws(a, tx, databaseName(p.number)+"'s")
		p.read = tx.Records
	}
	r := p.read[0]
	p.read = p.read[1:]
	p.position++
	return r, true, nil
}

// rest reads what has no place yet, to the end of each partition: only then is
// it known to be proven.
func (o *ordered) rest() (waiting int64, err error) {
	for _, part := range o.parts {
		for {
			r, there, err := part.take(o.a)
			if err != nil {
				return waiting, err
			}
			if !there {
				break
			}
			if r.Position != part.position {
				o.a.Find(audit.Finding{Rule: audit.RuleOrder, Account: r.Account, Version: r.Version,
					Expected: fmt.Sprintf("position %d of partition %d", part.position, part.number), Found: fmt.Sprintf("position %d", r.Position)})
			}
			waiting++
		}
	}
	return waiting, nil
}
