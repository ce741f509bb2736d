package auditrun

import (
	"context"
	"fmt"
	"iter"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/terminal"
)

// merger reads a log with several partitions for an audit: it follows the proven cuts of their sequence and reads
// their proven transactions. It shares no code with the sequencer.
type merger struct {
	a     *audit.Auditor
	parts []*partition
	last  storage.Cut // that was read
}

// partition is a partition as far as it was read.
type partition struct {
	number   int
	next     func() (immudb.ProvenTransaction, error, bool)
	read     immudb.ProvenTransaction // the last one
	unused   []contract.Record        // of it
	position int64                    // of the last record that was taken
}

// readPartitions gives the auditor the whole log. It returns how many records the sequence does not have yet. In a log
// that stands still, these have their causes, too.
func readPartitions(
	ctx context.Context, proofs []*immudb.Proof, a *audit.Auditor, still bool, show *terminal.Progress,
) (waiting int64, err error) {
	m := &merger{a: a, last: storage.Cut{Ends: make([]int64, len(proofs)-1)}}
	for i, proof := range proofs[1:] {
		next, stop := iter.Pull2(proof.Transactions(ctx))
		defer stop()
		m.parts = append(m.parts, &partition{number: i + 1, next: next})
	}
	for tx, err := range proofs[0].Transactions(ctx) {
		if err != nil {
			return 0, fmt.Errorf("%s: %w", databaseName(0), err)
		}
		findStrange(a, tx, "the sequence's")
		for _, cut := range tx.Cuts {
			if err := m.cut(cut); err != nil {
				return 0, err
			}
		}
		show.Show(a.Records(), int64(tx.ID), int64(proofs[0].State.Tx))
	}
	return m.rest(still)
}

// cut gives the auditor the records from the last cut to this one.
func (m *merger) cut(cut storage.Cut) error {
	if err := cut.Follows(m.last); err != nil {
		m.a.Find(laws.Finding{Law: laws.Order, Expected: "cuts with consecutive numbers that never go back",
			Found: err.Error()})
		return nil
	}
	at := m.last.Last()
	for i, part := range m.parts {
		for range cut.Ends[i] - m.last.Ends[i] {
			at++
			if err := m.record(part, at); err != nil {
				return err
			}
		}
	}
	m.last = cut
	return nil
}

// record gives the auditor the next record of a partition at its position in the whole log.
func (m *merger) record(part *partition, at int64) error {
	r, found, err := part.take(m.a)
	if err != nil {
		return err
	}
	if !found {
		m.a.Find(laws.Finding{Law: laws.Order, Position: at, Expected: "a record",
			Found: fmt.Sprintf("partition %d, which ends before its position %d", part.number, part.position)})
		return nil
	}
	m.checkPosition(part, r, at)
	m.checkPartition(part, r, at)
	r.Position = at
	m.a.Committed(part.read.Committed)
	m.a.Record(r)
	return nil
}

func (m *merger) checkPosition(part *partition, r contract.Record, at int64) {
	if r.Position != part.position {
		m.find(r, at, fmt.Sprintf("position %d of partition %d", part.position, part.number),
			fmt.Sprintf("position %d", r.Position))
	}
}

func (m *merger) find(r contract.Record, at int64, expected, found string) {
	m.a.Find(laws.Finding{Law: laws.Order, Position: at, Account: r.Account, Version: r.Version, Expected: expected,
		Found: found})
}

// checkPartition compares a record with the partition that it is in, and with where its cause is.
func (m *merger) checkPartition(part *partition, r contract.Record, at int64) {
	if belongs := contract.PartitionOf(r.Account, len(m.parts)); belongs != part.number {
		m.find(r, at, fmt.Sprintf("the account in partition %d", belongs),
			fmt.Sprintf("a record of it in partition %d", part.number))
	}
	after := r.After
	if after == nil {
		return
	}
	if after.Partition < 1 || after.Partition > len(m.parts) || m.parts[after.Partition-1].position < after.Position {
		m.find(r, at, "a record after its cause",
			fmt.Sprintf("its cause is at position %d of partition %d", after.Position, after.Partition))
	}
}

// take is the next record of the partition, if there is one.
func (p *partition) take(a *audit.Auditor) (contract.Record, bool, error) {
	for len(p.unused) == 0 {
		tx, err, more := p.next()
		if err != nil {
			return contract.Record{}, false, fmt.Errorf("%s: %w", databaseName(p.number), err)
		}
		if !more {
			p.position++
			return contract.Record{}, false, nil
		}
		findStrange(a, tx, databaseName(p.number)+"'s")
		p.read, p.unused = tx, tx.Records
	}
	r := p.unused[0]
	p.unused = p.unused[1:]
	p.position++
	return r, true, nil
}

// rest reads each partition to its end, beyond the sequence: only then is all of it known to be proven.
func (m *merger) rest(still bool) (waiting int64, err error) {
	var caused []contract.Record
	for _, part := range m.parts {
		for {
			r, found, err := part.take(m.a)
			if err != nil {
				return waiting, err
			}
			if !found {
				break
			}
			m.checkPosition(part, r, 0)
			waiting++
			if still && r.After != nil {
				caused = append(caused, r)
			}
		}
	}
	for _, r := range caused {
		// The position of a partition that was read to its end is that of its next record.
		if of := r.After.Partition; of < 1 || of > len(m.parts) || m.parts[of-1].position <= r.After.Position {
			m.find(r, 0, "a record whose cause is in the log",
				fmt.Sprintf("its cause would be at position %d of partition %d", r.After.Position, of))
		}
	}
	return waiting, nil
}
