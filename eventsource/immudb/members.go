package immudb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/copies"
)

// membersWithin is how long the log may take to acknowledge a change of its members. With too few machines for that,
// the change waits on the primary's disk.
const membersWithin = 2 * time.Second

var errMembersMoved = errors.New("the members of the log were changed by another process")

func readMembers(value []byte, into *copies.Members) error {
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("the stored members of the log are damaged: %w", err)
	}
	return nil
}

// storedMembers are the members of a log and the transaction that has them; none in the log of an earlier build.
func storedMembers(ctx context.Context, log client.ImmuClient) (members copies.Members, tx uint64, err error) {
	entry, err := log.Get(ctx, []byte(keyMembers))
	switch {
	case isNotFound(err):
		return members, 0, nil
	case err != nil:
		return members, 0, fmt.Errorf("read the members: %w", err)
	}
	return members, entry.Tx, readMembers(entry.Value, &members)
}

// Members are those that a database names, by its value under a key; none if it names none.
func Members(get func(key []byte) (*schema.Entry, error)) (members copies.Members, err error) {
	entry, err := get([]byte(keyMembers))
	if err != nil {
		return members, nil
	}
	return members, readMembers(entry.Value, &members)
}

// found gives a log that is made the members that it is made with.
func (m *Machines) found() copies.Members {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.founders
}

// setMembers has the log name other members, unless another process has changed them. immudb makes no such condition
// while commits wait for copies that no one has: then, alone, there is none.
func (m *Machines) setMembers(ctx context.Context, primary copies.Machine, members copies.Members, alone bool) error {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	c, err := m.config.asAdmin(ctx, primary.Address, m.config.Database)
	if err != nil {
		return err
	}
	defer discard(c)
	stored, tx, err := storedMembers(ctx, c)
	if err != nil {
		return err
	}
	if !alone && !stored.Equal(primary.Members) {
		return errMembersMoved
	}
	conditions := []*schema.Precondition{schema.PreconditionKeyNotModifiedAfterTX([]byte(keyMembers), tx)}
	switch {
	case alone:
		conditions = nil
	case tx == 0:
		conditions[0] = schema.PreconditionKeyMustNotExist([]byte(keyMembers))
	}
	value, err := json.Marshal(members)
	if err != nil {
		return err
	}
	waiting, stop := context.WithTimeout(ctx, membersWithin)
	defer stop()
	_, err = c.SetAll(waiting, &schema.SetRequest{KVs: []*schema.KeyValue{{Key: []byte(keyMembers), Value: value}},
		Preconditions: conditions, NoWait: true})
	if isPreconditionFailed(err) {
		return errMembersMoved
	}
	return err
}

// makeRoom has the log name its members without the disks that others have replaced. Only then may those get a copy.
// With too few members, the log may go on elsewhere: then only if that is accepted.
func (m *Machines) makeRoom(
	ctx context.Context, primary copies.Machine, observed []copies.Machine, accepted bool,
) error {
	if !accepted && !copies.Enough(observed, primary, m.config.Copies) {
		return errors.New("too few members of the log answer")
	}
	before := copies.Before(observed, primary, m.config.Copies)
	seen := 0
	for _, machine := range observed {
		if before.Includes(machine) {
			seen++
		}
	}
	alone := seen < m.config.Copies
	if !before.Equal(primary.Members) {
		err := m.setMembers(ctx, primary, before, alone)
		again := m.config.observe(ctx, primary.Address, false)
		if !again.Members.Equal(before) {
			return errors.Join(fmt.Errorf("the log does not name its new members yet: %s", disks(before)), err)
		}
		m.log.Info("a disk was replaced and is no member of the log any more", "members", disks(before))
		primary = again
	}
	if primary.MembersAt > primary.Committed && !alone {
		return errors.New("the new members of the log are not acknowledged yet")
	}
	return m.countAgain(ctx, primary)
}

// countAgain has a primary forget who has acknowledged what waits. immudb 1.11.1 counts a machine twice that has
// acknowledged, lost its disk and acknowledges with another one: with three copies, two would do.
func (m *Machines) countAgain(ctx context.Context, primary copies.Machine) error {
	if m.config.Copies <= 2 { // one acknowledgement is enough, and who gave it has it
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, raiseWithin+observeTimeout) // until waiting commits are given up
	defer cancel()
	admin, err := m.config.asAdmin(ctx, primary.Address, "defaultdb")
	if err != nil {
		return err
	}
	defer discard(admin)
	return m.config.takePart(ctx, admin, primary.Address, primarySettings(m.config.Copies))
}

// noteComplete has the log name those as members, too, that have everything by now.
func (m *Machines) noteComplete(ctx context.Context, primary copies.Machine, observed []copies.Machine) error {
	if primary.Log == "" || primary.Committed == 0 {
		return nil
	}
	less := primary.Members.MayDemandLess(len(observed), m.config.Copies)
	var complete []string
	for _, machine := range observed {
		if machine.Fault != "" || machine.Follows != primary.Address || !less && isMember(primary, machine) {
			continue
		}
		has, err := m.hasAll(ctx, machine, primary)
		if err != nil {
			m.log.Debug("a copy is not complete yet", "machine", machine.Address, "reason", err)
		}
		if has {
			complete = append(complete, machine.Address)
		}
	}
	after := copies.After(observed, primary, complete, m.config.Copies)
	if after.Equal(primary.Members) {
		return nil
	}
	if err := m.setMembers(ctx, primary, after, false); err != nil {
		return err
	}
	m.log.Info("members of the log", "members", disks(after), "needed", after.Quorum)
	return nil
}

func isMember(primary, machine copies.Machine) bool {
	return primary.Members.Known() && primary.Members.Includes(machine)
}

// hasAll reports whether a machine has all that the primary had committed when both were observed.
func (m *Machines) hasAll(ctx context.Context, machine, primary copies.Machine) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	theirs, err := m.config.asAdmin(ctx, machine.Address, m.config.Database)
	if err != nil {
		return false, err
	}
	defer discard(theirs)
	ours, err := m.config.asAdmin(ctx, primary.Address, m.config.Database)
	if err != nil {
		return false, err
	}
	defer discard(ours)
	state, err := theirs.CurrentState(ctx)
	if err != nil || max(state.TxId, state.PrecommittedTxId) < primary.Committed { // immudb waits for one it has not
		return false, err
	}
	return isSame(ctx, theirs, ours, primary.Committed)
}

func disks(members copies.Members) string {
	var addresses []string
	for _, disk := range members.Disks {
		addresses = append(addresses, disk.Address)
	}
	return strings.Join(addresses, ", ")
}
