package auditrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/eventsource/immudb"
	"corebank/internal/contract"
	"corebank/internal/terminal"
)

// provable is a database of the log, as an audit uses it.
type provable interface {
	Prove(ctx context.Context, earlier *immudb.State) (*immudb.Proof, error)
	SaveAudit(ctx context.Context, audit contract.Audit) error
	Close(ctx context.Context) error
}

// storedLog is the log that is audited: one database or, for several partitions, the database of their sequence and
// one of each.
type storedLog struct {
	databases []provable
	waiting   int64 // records that the sequence does not have yet
	still     bool  // no one writes it meanwhile
	log       *slog.Logger
}

func (c Config) openLog(log *slog.Logger) *storedLog {
	opened := &storedLog{log: log, still: c.LogOnly}
	for _, database := range c.Databases() {
		if database.Partition.IsSequence() {
			opened.databases = append(opened.databases, immudb.NewSequenceLog(database))
		} else {
			opened.databases = append(opened.databases, immudb.NewLog(database))
		}
	}
	return opened
}

func (l *storedLog) close(ctx context.Context) {
	for _, database := range l.databases {
		_ = database.Close(ctx) // nothing was written
	}
}

// read gives the auditor the whole log and returns the proven states. A state that cannot be proven is a finding;
// then read returns none.
func (l *storedLog) read(
	ctx context.Context, a *audit.Auditor, earlier *audited, show *terminal.Progress,
) ([]immudb.State, error) {
	var proven []immudb.State
	proofs, err := l.prove(ctx, earlier)
	for _, proof := range proofs {
		proven = append(proven, proof.State)
	}
	switch {
	case err != nil:
	case len(proofs) == 1:
		err = readOne(ctx, proofs[0], a, show)
	default:
		l.waiting, err = readPartitions(ctx, proofs, a, l.still, show)
	}
	if errors.Is(err, immudb.ErrNotProven) {
		a.Expect(nil) // the log cannot be read to its end
		a.Find(laws.Finding{Law: laws.Proof, Found: err.Error(),
			Expected: "a history that is proven from its first transaction and the last audit to its end"})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return proven, nil
}

// prove has each database prove its history. The sequence comes first: the partitions then have everything that it
// refers to.
func (l *storedLog) prove(ctx context.Context, earlier *audited) (proofs []*immudb.Proof, err error) {
	for i, database := range l.databases {
		var since *immudb.State
		if earlier != nil {
			since = &earlier.states()[i]
		}
		proof, err := database.Prove(ctx, since)
		if err != nil {
			return nil, l.in(i, err)
		}
		proofs = append(proofs, proof)
	}
	return proofs, nil
}

// in names the database of an error, if there are several.
func (l *storedLog) in(database int, err error) error {
	if len(l.databases) == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", databaseName(database), err)
}

func databaseName(database int) string {
	if database == 0 {
		return "the sequence of the partitions"
	}
	return fmt.Sprintf("partition %d", database)
}

// readOne reads a log with one partition.
func readOne(ctx context.Context, proof *immudb.Proof, a *audit.Auditor, show *terminal.Progress) error {
	for tx, err := range proof.Transactions(ctx) {
		if err != nil {
			return err
		}
		findStrange(a, tx, "immudb's")
		a.Committed(tx.Committed)
		for _, r := range tx.Records {
			a.Record(r)
		}
		show.Show(a.Records(), int64(tx.ID), int64(proof.State.Tx))
	}
	return nil
}

func findStrange(a *audit.Auditor, tx immudb.ProvenTransaction, whose string) {
	for _, flaw := range tx.Flaws {
		a.Find(laws.Finding{Law: laws.Storage, Expected: "only what the event source writes",
			Found: fmt.Sprintf("in %s transaction %d %s", whose, tx.ID, flaw)})
	}
}

func proofOf(proven []immudb.State, earlier *audited) *audit.Proof {
	if len(proven) == 0 {
		return nil
	}
	proofs := make([]audit.Proof, len(proven))
	for i, state := range proven {
		proofs[i] = audit.Proof{Transactions: state.Tx, Hash: state.Hash.String()}
		if earlier != nil {
			proofs[i].Since = &audit.Earlier{Transaction: earlier.states()[i].Tx, At: earlier.At}
		}
	}
	proofs[0].Partitions = proofs[1:]
	return &proofs[0]
}

// save saves the result for the query systemStatus. Without the right to write, the last saved result stays.
func (l *storedLog) save(ctx context.Context, r audit.Report) {
	err := l.databases[0].SaveAudit(ctx, contract.Audit{At: r.Began, Position: r.Position, Records: r.Records,
		Accounts: r.Accounts, Findings: r.FindingsTotal, OK: r.OK})
	if err != nil {
		l.log.Warn("the result is not saved for systemStatus", "error", err)
	}
}
