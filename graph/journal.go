package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// postTransactionRequest is for the account that is debited first: it has the key.
func postTransactionRequest(in model.PostTransactionInput) commandRequest {
	c := commandRequest{key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	command := bank.PostTransaction{Legs: make([]bank.Leg, len(in.Legs))}
	for i, leg := range in.Legs {
		var of commandRequest // what is wrong with this leg
		of.refuseMarked("accountId", leg.AccountID)
		command.Legs[i] = bank.Leg{Account: bank.AccountID(leg.AccountID), Credit: leg.Direction == model.DirectionCredit,
			Amount: of.amount("amount", leg.Amount), Reference: deref(leg.Reference), Memo: deref(leg.Memo)}
		for _, refusal := range of.inputRefusals {
			refusal.Leg = &i
			c.inputRefusals = append(c.inputRefusals, refusal)
		}
	}
	c.command, c.account = command, command.Home()
	return c
}

// journalOfOutcome is what an outcome's event posted; nil for every other event. Only
// the event that answers the command has all legs, and others' texts are those of the
// command.
func journalOfOutcome(command bank.Command, o contract.Outcome, event bank.Event,
	dry *prediction) (*model.JournalTransaction, error) {
	e, ok := event.(bank.LegPosted)
	if !ok || len(e.Legs) == 0 {
		return nil, nil
	}
	posted := &model.JournalTransaction{ID: string(e.Journal), PostedAt: scalar.DateTime(o.Record.At),
		Caller: o.Record.Caller, LegCount: int64(e.Of)}
	predicted := dry.includes(o.Record.Version)
	if predicted {
		posted.ID = marked(posted.ID, dry.name)
	}
	asked, _ := command.(bank.PostTransaction)
	for i, one := range e.Legs {
		leg := legOf(i, one)
		leg.Predicted = predicted
		if len(asked.Legs) == len(e.Legs) {
			leg.Reference, leg.Memo = optional(asked.Legs[i].Reference), optional(asked.Legs[i].Memo)
		}
		posted.All = append(posted.All, leg)
	}
	for _, record := range append([]contract.Record{*o.Record}, o.Also...) {
		event, err := record.Event()
		if err != nil {
			return nil, err
		}
		if leg, is := event.(bank.LegPosted); is && leg.Journal == e.Journal && leg.Number <= len(posted.All) {
			posted.All[leg.Number-1].Line = view.TransactionOf(record, event)
		}
	}
	return posted, nil
}

func legOf(index int, l bank.PostedLeg) *model.Leg {
	return &model.Leg{Index: int64(index), AccountID: string(l.Account), Direction: directionOf(l.Credit),
		Amount: moneyOf(l.Amount), Version: l.Version}
}

// journal returns what was posted under an id, as far as the views have it; nil when
// they have nothing of it.
func (r *Resolver) journal(ctx context.Context, id bank.JournalID) (*model.JournalTransaction, error) {
	records, err := r.Views.References(ctx, bank.JournalSubject(id))
	if err != nil {
		return nil, fmt.Errorf("records of %s: %w", id, err)
	}
	j, err := view.JournalOf(id, records)
	if errors.Is(err, view.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	posted := &model.JournalTransaction{ID: string(id), PostedAt: scalar.DateTime(j.At), Caller: j.Caller,
		LegCount: int64(j.Of)}
	for i, line := range j.Legs {
		leg := legOf(j.Numbers[i]-1, bank.PostedLeg{Account: line.Account, Version: line.Version, Credit: line.Credit,
			Amount: bank.Money{Minor: line.Amount, Currency: line.Currency}})
		leg.Reference, leg.Memo, leg.Line = optional(line.Reference), optional(line.Memo), &line
		posted.All = append(posted.All, leg)
	}
	return posted, nil
}

// visibleJournal is journal for those who may know of it: they see a leg, or posted it.
func (r *Resolver) visibleJournal(ctx context.Context, id bank.JournalID) (*model.JournalTransaction, error) {
	posted, err := r.journal(ctx, id)
	if err != nil || posted == nil {
		return nil, err
	}
	if legs, err := r.visibleLegs(ctx, posted); err != nil || len(legs) == 0 {
		return nil, err
	}
	return posted, nil
}

// visibleLegs are the legs that the caller may see.
func (r *Resolver) visibleLegs(ctx context.Context, posted *model.JournalTransaction) ([]*model.Leg, error) {
	who := identity.From(ctx)
	if who.SeesAll() || !who.Anonymous() && who.Subject == posted.Caller {
		return posted.All, nil
	}
	legs, seen := []*model.Leg{}, make(map[string]bool)
	for _, leg := range posted.All {
		visible, asked := seen[leg.AccountID]
		if !asked {
			var err error
			if visible, err = r.sees(ctx, bank.AccountID(leg.AccountID)); err != nil {
				return nil, err
			}
			seen[leg.AccountID] = visible
		}
		if visible {
			legs = append(legs, leg)
		}
	}
	return legs, nil
}

// legsOf are the legs that a line of history belongs to, as far as the caller may see
// them. A line that is new waits until the views have all of them.
func (r *Resolver) legsOf(ctx context.Context, t *model.Transaction) ([]*model.Leg, error) {
	if t.Posted != nil {
		return r.visibleLegs(ctx, t.Posted)
	}
	if t.Line.Journal == "" || t.Predicted {
		return []*model.Leg{}, nil
	}
	posted, err := r.journal(ctx, t.Line.Journal)
	if err == nil && (posted == nil || int64(len(posted.All)) < posted.LegCount) {
		if _, err = r.viewAccount(ctx, t.AccountID, waiting{version: t.Version, until: pastWait}); err == nil {
			posted, err = r.journal(ctx, t.Line.Journal)
		}
	}
	if err != nil {
		return nil, err
	}
	if posted == nil { // only where the view of the account is stale
		return []*model.Leg{}, nil
	}
	return r.visibleLegs(ctx, posted)
}

// legTransaction is the line of history that a leg made, from the log where the views
// do not have it yet; nil if the caller may not see the account.
func (r *Resolver) legTransaction(ctx context.Context, leg *model.Leg) (*model.Transaction, error) {
	id := bank.AccountID(leg.AccountID)
	if seen, err := r.seesNow(ctx, id); err != nil || !seen {
		return nil, err
	}
	switch {
	case leg.Line != nil:
		t := transactionOf(*leg.Line)
		t.Predicted = leg.Predicted
		return t, nil
	case leg.Predicted:
		return nil, nil
	}
	line, err := r.Views.Transaction(ctx, id, leg.Version)
	if err == nil {
		return transactionOf(line), nil
	}
	if !errors.Is(err, view.ErrNotFound) {
		return nil, fmt.Errorf("view of transaction %d of %s: %w", leg.Version, id, err)
	}
	record, event, err := r.eventAt(ctx, id, leg.Version)
	if err != nil || event == nil {
		return nil, err
	}
	return transactionOf(*view.TransactionOf(record, event)), nil
}

// withoutHiddenLegs is an event as the caller may read it: legs name other accounts,
// that it may not know of.
func (r *Resolver) withoutHiddenLegs(ctx context.Context, record contract.Record,
	event bank.Event) (bank.Event, error) {
	e, ok := event.(bank.LegPosted)
	who := identity.From(ctx)
	if !ok || who.SeesAll() || who.Subject == record.Caller {
		return event, nil
	}
	var failure error
	hidden := func(id bank.AccountID) bool {
		seen, err := r.sees(ctx, id)
		failure = errors.Join(failure, err)
		return !seen
	}
	if e.Home != nil && hidden(e.Home.Account) {
		e.Home = nil
	}
	e.Legs = slices.DeleteFunc(slices.Clone(e.Legs), func(l bank.PostedLeg) bool {
		return l.Account != record.Account && hidden(l.Account)
	})
	return e, failure
}
