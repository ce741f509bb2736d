package graph

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// MarkSign separates an object's own id from a mark. What is not of now, an
// account as it was or as a dry run predicts it, has the id of the object with a
// mark: to caches, which know objects by their ids, it is another object.
const MarkSign = "@"

func marked(id, mark string) string {
	if mark == "" {
		return id
	}
	return id + MarkSign + mark
}

// mark is what the ids of an account's past have: v and a version, or t and a
// time in microseconds.
func (p point) mark() string {
	if p.time.IsZero() {
		return "v" + strconv.FormatInt(p.version, 10)
	}
	return "t" + strconv.FormatInt(p.time.UnixMicro(), 10)
}

// readMark is the point in the past of a mark; ok is false for any other text.
func readMark(mark string) (p point, ok bool) {
	if mark == "" {
		return p, false
	}
	number, err := strconv.ParseInt(mark[1:], 10, 64)
	if err != nil || number < 0 {
		return p, false
	}
	switch mark[0] {
	case 'v':
		p.version = number
	case 't':
		p.time = time.UnixMicro(number).UTC()
	}
	return p, p.mark() == mark // an object has one id, so neither "v+7" nor "v07"
}

// cutMark separates a mark from an id. The past is nil for an id without one. ok
// is false for an id from a dry run, and for one that nothing has.
func cutMark(id string) (own string, past *point, ok bool) {
	own, mark, isMarked := strings.Cut(id, MarkSign)
	if !isMarked {
		return own, nil, true
	}
	p, ok := readMark(mark)
	return own, &p, ok
}

// inFuture reports whether it is yet to come. A time in milliseconds may be asked about before its millisecond is over.
func (p point) inFuture() bool { return p.time.After(time.Now().Add(time.Millisecond)) }

// readAccountID reads an account's id and the point in the past that it names,
// or else that asOf does.
func readAccountID(argument, id string, asOf *point) (bank.AccountID, *point, error) {
	own, past, ok := cutMark(id)
	if !ok || past != nil && asOf != nil {
		return "", nil, badInput(argument + " " + ownIDWanted(id) + ".")
	}
	if past == nil {
		past = asOf
	}
	if past != nil && past.inFuture() {
		return "", nil, badInput(argument + " names a time in the future.")
	}
	return bank.AccountID(own), past, nil
}

// onlyOwnID refuses an argument with the id of what is not of now.
func onlyOwnID(argument, id string) error {
	if strings.Contains(id, MarkSign) {
		return badInput(argument + " " + ownIDWanted(id) + ".")
	}
	return nil
}

// refuseMarked is onlyOwnID for a field of a mutation's input.
func (c *commandRequest) refuseMarked(field, id string) {
	if strings.Contains(id, MarkSign) {
		c.inputRefusals = append(c.inputRefusals, bank.RefuseInput(field, ownIDWanted(id)))
	}
}

// ownIDWanted says which id to send in place of one with a mark.
func ownIDWanted(id string) string {
	own, past, ok := cutMark(id)
	if account := accountOfPart(own); bank.AccountID(account).Valid() {
		return fmt.Sprintf("must be the account's own id, %q (accountId), not that of its past or of a dry run", account)
	}
	if ok && past != nil && strings.HasPrefix(own, holdPrefix) {
		return fmt.Sprintf("must be the hold's own id, %.60q (holdId), not that of its past", own)
	}
	if !ok && strings.HasPrefix(strings.TrimPrefix(id, own+MarkSign), "d") {
		return "must not be an id from a dry run: what it names has not happened"
	}
	return "is not an id of this bank"
}

// state is an account at a moment: of now, of the past, or as a dry run predicts it.
type state struct {
	bank.Account
	at   time.Time
	mark string // what its ids have; "" for now
	// logged is the newest version that the log has, lower than that of the account
	// in a dry run; predicted are the events after it.
	logged    int64
	predicted []contract.Record
}

func stateOfNow(a bank.Account) state { return state{Account: a, at: time.Now(), logged: a.Version} }

func (p point) state(a bank.Account) state {
	return state{Account: a, at: p.moment(a), mark: p.mark(), logged: a.Version}
}

// prediction is what a dry run adds to one account. nil adds nothing.
type prediction struct {
	name    string            // what the ids of this dry run have
	records []contract.Record // what it would append, each the next version of the one before
}

func newPrediction() *prediction { return &prediction{name: "d" + strings.ToLower(rand.Text()[:12])} }

// predicted are the events that a dry run would append for a command. An event without
// a position is not in the log.
func predicted(o contract.Outcome) (records []contract.Record) {
	if o.Status != contract.Applied || o.Record == nil || o.Record.Position != 0 {
		return nil
	}
	records = append(records, *o.Record)
	if o.Return != nil {
		records = append(records, *o.Return)
	}
	return append(records, o.Also...)
}

// add notes an event that is of the account.
func (p *prediction) add(record contract.Record) {
	p.records = append(p.records, record)
}

// includes reports whether a version exists only in the prediction.
func (p *prediction) includes(version int64) bool {
	return p != nil && len(p.records) > 0 && version >= p.records[0].Version
}

// mark is what the id of an object at a version has.
func (p *prediction) mark(version int64) string {
	if !p.includes(version) {
		return ""
	}
	return p.name + "." + strconv.FormatInt(version, 10)
}

// state is the account of an outcome: predicted as soon as anything is.
func (p *prediction) state(a bank.Account) state {
	s := stateOfNow(a)
	if p.includes(a.Version) {
		s.mark, s.logged, s.predicted = p.mark(a.Version), p.records[0].Version-1, p.records
	}
	return s
}

// transaction marks a transaction that exists only in the prediction.
func (p *prediction) transaction(t *model.Transaction, sent *model.Transfer) *model.Transaction {
	if t != nil && p.includes(t.Version) {
		t.ID, t.Predicted, t.Sent = marked(t.ID, p.name), true, sent
	}
	return t
}

// pastNode is what an id names in the past: an account, or a part of it.
func (r *Resolver) pastNode(ctx context.Context, own string, past point) (model.Node, error) {
	id := accountOfPart(own)
	hold, version, isHold := parseID(holdPrefix, own)
	if isHold {
		id = string(hold)
	}
	a, err := r.account(ctx, id, waiting{}, &past)
	if err != nil || a == nil {
		return nil, err
	}
	if !isHold {
		return partOf(a, own), nil
	}
	for _, h := range a.Holds {
		if h.ID == marked(holdID(hold, version), past.mark()) {
			return h, nil
		}
	}
	return nil, nil
}

// partOf is the object with the id of an account, of its balance or of its limits.
func partOf(a *model.Account, own string) model.Node {
	switch {
	case strings.HasPrefix(own, balancePrefix):
		return a.Balance
	case strings.HasPrefix(own, limitsPrefix):
		return a.Limits
	}
	return a
}

// explainingTransaction is a transaction of a balance's explanation.
func explainingTransaction(b *model.Balance, line view.Transaction) *model.Transaction {
	t := transactionOf(line)
	if line.Version > b.Logged {
		name, _, _ := strings.Cut(b.Mark, ".")
		t.ID, t.Predicted = marked(t.ID, name), true
	}
	return t
}

// predictedLines calls do with the transactions that exist only in a dry run.
func predictedLines(b *model.Balance, do func(view.Transaction) bool) error {
	for _, record := range b.Predicted {
		event, err := record.Event()
		if err != nil {
			return err
		}
		if line := view.TransactionOf(record, event); line != nil {
			do(*line)
		}
	}
	return nil
}
