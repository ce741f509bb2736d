package actor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// settleClaims makes sure that the accounts may have the external ids that they are opened with.
func (d *clearingDecision) settleClaims(ctx context.Context) error {
	var claims []bank.AccountID
	for _, id := range d.ids {
		p := d.on[id]
		if p.unsure && (p.claim != nil || !d.appliesAllOf(p)) {
			d.lookUp = true
			return errForgotten
		}
		if p.claim != nil {
			claims = append(claims, id)
		}
	}
	err := eachOf(claims, func(id bank.AccountID) error {
		p := d.on[id]
		return p.account.settleClaim(ctx, &p.turn, &p.decision)
	})
	for _, id := range claims {
		for externalID, holder := range d.on[id].taken {
			if d.taken == nil {
				d.taken = make(map[string]bank.AccountID)
			}
			d.taken[externalID] = holder
		}
	}
	return err
}

// appliesAllOf reports whether every command that is addressed to an account becomes an event. Only then does the log
// see all their keys.
func (d *clearingDecision) appliesAllOf(p *party) bool {
	for i, outcome := range d.answers {
		if d.of[i] == p.account.id && outcome.Status != contract.Applied {
			return false
		}
	}
	return true
}

// group are the records that are appended together: those of commands that share accounts.
type group struct {
	accounts []bank.AccountID // in the order of their first records
	commands []int
}

// conclude makes sure of the states on which outcomes depend, appends what was decided, and closes the commands whose
// outcomes are certain then: all of an atomic batch, or none. The error is why others are still open.
//
// The log compares the versions of the streams that it writes to. What was decided on other accounts, too, as when one
// does not take a transfer, is appended only when those are as they were known.
func (d *clearingDecision) conclude(ctx context.Context) error {
	certain := make(map[bank.AccountID]bool)
	failure := d.confirmAll(ctx, certain)
	if !d.batch.DryRun {
		sure := slices.DeleteFunc(d.groups(), func(g *group) bool { return !d.isSure(g, certain) })
		failure = errors.Join(failure, d.appendAll(ctx, sure, certain))
	}
	closed := make(map[int]contract.Outcome)
	for i, outcome := range d.answers {
		if !slices.ContainsFunc(d.basis[i], func(id bank.AccountID) bool { return !certain[id] }) {
			closed[i] = d.final(outcome)
		}
	}
	if d.batch.Atomic && len(closed) < len(d.answers) {
		return failure
	}
	d.close(closed)
	return failure
}

// isSure reports whether the states are certain on which a group was decided, apart from those of its own accounts.
func (d *clearingDecision) isSure(g *group, certain map[bank.AccountID]bool) bool {
	unsure := func(id bank.AccountID) bool { return !certain[id] && len(d.on[id].records) == 0 }
	for i, basis := range d.basis {
		if (d.batch.Atomic || slices.Contains(g.commands, i)) && slices.ContainsFunc(basis, unsure) {
			return false
		}
	}
	return true
}

// groups are the records that were decided, as they are appended: together with those on which they were decided, and
// all of an atomic batch.
func (d *clearingDecision) groups() (all []*group) {
	of, byCommand := make(map[bank.AccountID]*group), make(map[int]*group)
	for _, w := range d.written {
		command := w.command
		if d.batch.Atomic {
			command = d.window[0]
		}
		mine := cmp.Or(byCommand[command], of[w.account])
		if mine == nil {
			mine = &group{}
		}
		byCommand[command] = mine
		for _, id := range append([]bank.AccountID{w.account}, d.basis[w.command]...) {
			if theirs := of[id]; theirs != nil && theirs != mine {
				moveAll(of, theirs, mine)
				moveAll(byCommand, theirs, mine)
			}
			if len(d.on[id].records) > 0 {
				of[id] = mine
			}
		}
	}
	for _, w := range d.written {
		g := of[w.account]
		if len(g.accounts) == 0 {
			all = append(all, g)
		}
		if !slices.Contains(g.accounts, w.account) {
			g.accounts = append(g.accounts, w.account)
		}
		if !slices.Contains(g.commands, w.command) {
			g.commands = append(g.commands, w.command)
		}
	}
	d.number(of)
	return all
}

// moveAll moves what is in one group to another.
func moveAll[K comparable](in map[K]*group, from, to *group) {
	for k, g := range in {
		if g == from {
			in[k] = to
		}
	}
}

// number gives the records of each group of several accounts their order, that of the decisions.
func (d *clearingDecision) number(of map[bank.AccountID]*group) {
	left := make(map[*group]int)
	for _, w := range slices.Backward(d.written) {
		g, p := of[w.account], d.on[w.account]
		if len(g.accounts) > 1 {
			p.records[w.version-p.base-1].More = left[g]
		}
		left[g]++
	}
}

// append is the group as the log takes it.
func (d *clearingDecision) append(g *group) contract.Append {
	one := func(id bank.AccountID) contract.Append {
		p := d.on[id]
		return contract.Append{Account: id, ExpectedVersion: p.base, TurnsBack: p.turnsBack, Records: p.records}
	}
	together := one(g.accounts[0])
	for n, id := range g.accounts {
		together.CheckKeys = together.CheckKeys || d.on[id].unsure
		if n > 0 {
			together.With = append(together.With, one(id))
		}
	}
	return together
}

// appendAll appends the groups in one call, and notes the accounts whose states are certain then.
func (d *clearingDecision) appendAll(ctx context.Context, groups []*group, certain map[bank.AccountID]bool) error {
	if len(groups) == 0 {
		return nil
	}
	appends, spans := make([]contract.Append, len(groups)), make([]appendSpans, len(groups))
	for n, g := range groups {
		appends[n] = d.append(g)
		spans[n] = d.spans.append(&appends[n], d.places(g))
	}
	results, err := d.host.log.AppendAll(ctx, appends)
	if err != nil {
		unknown := contract.AppendResult{Status: contract.AppendUnknown, Reason: err.Error()}
		results = slices.Repeat([]contract.AppendResult{unknown}, len(groups))
	}
	var failure error
	for n, g := range groups {
		spans[n].end(results[n], nil)
		failure = errors.Join(failure, d.settle(g, results[n], certain))
	}
	return failure
}

// settle takes the result of a group's append. The error is why its commands are still open.
func (d *clearingDecision) settle(g *group, result contract.AppendResult, certain map[bank.AccountID]bool) error {
	switch result.Status {
	case contract.Appended:
		d.accept(g, result.FirstPosition)
		for _, id := range g.accounts {
			certain[id] = true
		}
		return nil
	case contract.VersionConflict:
		for _, id := range g.accounts {
			if len(result.Moved) == 0 || slices.Contains(result.Moved, id) {
				d.on[id].account.forget()
			}
		}
		d.doubt(g)
		return fmt.Errorf("%w: %s", errLostRace, result.Reason)
	case contract.KeysUsed:
		d.lookUp = true
		d.doubt(g)
		return errForgotten
	case contract.AppendInvalid, contract.Apart:
		invalid := make(map[int]contract.Outcome)
		for _, i := range g.commands {
			invalid[i] = contract.Outcome{Status: contract.Invalid, Reason: result.Reason}
			delete(d.answers, i)
		}
		d.close(invalid)
		return nil
	case contract.Overloaded, contract.Halted:
		return notAppended(result)
	}
	for _, id := range g.accounts {
		d.on[id].account.forget()
	}
	d.doubt(g)
	return fmt.Errorf("%w: %s", errUnknownOutcome, result.Reason)
}

// doubt notes that a group's events may be in the log, or may still get there: its append was lost, or what it met may
// be the event of another delivery of the same command.
func (d *clearingDecision) doubt(g *group) {
	for _, i := range g.commands {
		d.unknown[i] = true
	}
}

// accept makes what was appended the states of its accounts.
func (d *clearingDecision) accept(g *group, first int64) {
	total := 0
	for _, id := range g.accounts {
		total += len(d.on[id].records)
	}
	for _, id := range g.accounts {
		p := d.on[id]
		for i := range p.records {
			if r := &p.records[i]; len(g.accounts) > 1 {
				r.Position = first + int64(total-1-r.More)
			} else {
				r.Position = first + int64(i)
			}
		}
		p.account.accept(&p.decision)
	}
}

// confirmAll makes sure that the states on which outcomes depend, and that no append has confirmed, are the newest.
func (d *clearingDecision) confirmAll(ctx context.Context, certain map[bank.AccountID]bool) error {
	var ids []bank.AccountID
	for _, basis := range d.basis {
		for _, id := range basis {
			if d.batch.DryRun || len(d.on[id].records) == 0 {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	var mu sync.Mutex
	return eachOf(slices.Compact(ids), func(id bank.AccountID) error {
		err := d.on[id].account.confirm(ctx, true)
		mu.Lock()
		defer mu.Unlock()
		certain[id] = err == nil
		return err
	})
}

// final is an outcome with the records as they were appended.
func (d *clearingDecision) final(o contract.Outcome) contract.Outcome {
	o.Record, o.Return = d.appended(o.Record), d.appended(o.Return)
	return o
}

func (d *clearingDecision) appended(r *contract.Record) *contract.Record {
	if r == nil {
		return nil
	}
	if p := d.on[r.Account]; p != nil && r.Version > p.base {
		return &p.records[r.Version-p.base-1]
	}
	return r
}
