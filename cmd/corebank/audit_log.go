package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"corebank/check/audit"
	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// provable is a database of the log, as an audit sees it.
type provable interface {
	Prove(ctx context.Context, earlier *immudb.State) (*immudb.Proof, error)
	SaveAudit(ctx context.Context, audit contract.Audit) error
	Close(ctx context.Context) error
}

// auditedLog is the log that is audited: one database or, of several partitions,
// that of their order and theirs.
type auditedLog struct {
	databases []provable
	waiting   int64 // records without a place in the order yet
	log       *slog.Logger
}

func (c *auditConfig) openLog(log *slog.Logger) *auditedLog {
	if c.partitions == 1 {
		return &auditedLog{databases: []provable{immudb.NewLog(c.immudb)}, log: log}
	}
	order := c.immudb
	order.Partition = storage.Partition{Of: c.partitions}
	opened := &auditedLog{databases: []provable{immudb.NewSequenceLog(order)}, log: log}
	for i := range c.partitions {
		part := c.immudb
		part.Partition = storage.Partition{Number: i + 1, Of: c.partitions}
		part.Database, part.User = eventsource.NameOfPartition(part.Database, i+1), eventsource.NameOfPartition(part.User, i+1)
		part.Password = c.passwords[i]
		if i < len(c.addresses) {
			part.Address = c.addresses[i]
		}
		opened.databases = append(opened.databases, immudb.NewLog(part))
	}
	return opened
}

func (l *auditedLog) close(ctx context.Context) {
	for _, database := range l.databases {
		_ = database.Close(ctx) // it was only read
	}
}

// read gives the auditor the whole log, and returns the states that were proven:
// none if one of them was not, which is then a finding.
func (l *auditedLog) read(ctx context.Context, a *audit.Auditor, earlier *audited, display *auditDisplay) ([]immudb.State, error) {
	var proven []immudb.State
	proofs, err := l.prove(ctx, earlier)
	for _, proof := range proofs {
		proven = append(proven, proof.State)
	}
	switch {
	case err != nil:
	case len(proofs) == 1:
		err = readTransactions(ctx, proofs[0], a, display)
	default:
		l.waiting, err = readOrdered(ctx, proofs, a, display)
	}
	if errors.Is(err, immudb.ErrNotProven) {
		a.Expect(nil) // the log cannot be read to its end
		a.Find(audit.Finding{Rule: audit.RuleProof, Found: err.Error(),
			Expected: "a history that is proven from its first transaction and the last audit to its end"})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return proven, nil
}

// prove has each database prove its history. The order comes first: what it has
// placed is then in the partitions.
func (l *auditedLog) prove(ctx context.Context, earlier *audited) (proofs []*immudb.Proof, err error) {
	for i, database := range l.databases {
		var since *immudb.State
		switch {
		case earlier != nil && i == 0:
			since = &earlier.State
		case earlier != nil:
			since = &earlier.Partitions[i-1]
		}
		proof, err := database.Prove(ctx, since)
		if err != nil {
			return nil, l.in(i, err)
		}
		proofs = append(proofs, proof)
	}
	return proofs, nil
}

// in says in which database something was, where there are several.
func (l *auditedLog) in(database int, err error) error {
	if len(l.databases) == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", databaseName(database), err)
}

func databaseName(database int) string {
	if database == 0 {
		return "the order of the partitions"
	}
	return fmt.Sprintf("partition %d", database)
}

// readTransactions reads a log that has one partition.
func readTransactions(ctx context.Context, proof *immudb.Proof, a *audit.Auditor, display *auditDisplay) error {
	for tx, err := range proof.Transactions(ctx) {
		if err != nil {
			return err
		}
		findFlaws(a, tx, "immudb's")
		for _, r := range tx.Records {
			a.Record(r)
		}
		display.tell(a.Records(), tx.ID, proof.State.Tx)
	}
	return nil
}

func findFlaws(a *audit.Auditor, tx immudb.ProvenTransaction, whose string) {
	for _, flaw := range tx.Flaws {
		a.Find(audit.Finding{Rule: audit.RuleStorage, Expected: "only what the event source writes",
			Found: fmt.Sprintf("in %s transaction %d %s", whose, tx.ID, flaw)})
	}
}

func proofOf(proven []immudb.State, earlier *audited) *audit.Proof {
	if len(proven) == 0 {
		return nil
	}
	proof := &audit.Proof{Transactions: proven[0].Tx, Hash: proven[0].Hash.String()}
	if earlier != nil {
		proof.Since = &audit.Earlier{Transaction: earlier.Tx, At: earlier.At}
	}
	for i, state := range proven[1:] {
		one := audit.Proof{Transactions: state.Tx, Hash: state.Hash.String()}
		if earlier != nil {
			one.Since = &audit.Earlier{Transaction: earlier.Partitions[i].Tx, At: earlier.At}
		}
		proof.Partitions = append(proof.Partitions, one)
	}
	return proof
}

// note keeps the result where operators ask for it. An auditor without the
// right to write leaves the last result that was noted.
func (l *auditedLog) note(ctx context.Context, r audit.Report) {
	err := l.databases[0].SaveAudit(ctx, contract.Audit{At: r.Began, Position: r.Position, Records: r.Records,
		Accounts: r.Accounts, Findings: r.FindingsTotal, OK: r.OK})
	if err != nil {
		l.log.Warn("the result is not noted for systemStatus", "error", err)
	}
}
