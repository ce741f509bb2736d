package immu

import "errors"

// Errors of replication.
var (
	// ErrNoPrimary means that the other one is none, or waits for no copies: the replica tries again.
	ErrNoPrimary = errors.New("replica state was NOT expected")
	// ErrDiverged means that the replica has committed what the primary has not. It stops to copy.
	ErrDiverged = errors.New("replica commit state diverged from primary's")
	// errTail means that the replica has on its disk what the primary has not.
	errTail = errors.New("replica precommit state diverged from primary's")
	errLags = errors.New("the newly informed replica state lags behind the previously informed one")
)

// Answer is what a primary gives to a replica.
type Answer struct {
	next *transaction // nil if there is none
	// upTo is what the replica may commit, if its log has that hash there.
	upTo uint64
	hash Hash
	// discard has it throw away what it has not committed.
	discard bool
}

// Copy asks a primary for what comes after what a replica has, and tells it that the replica has that.
func (d *Database) Copy(replica string, has State) (a Answer, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isReplica() || d.settings.GetReplicationSettings().GetSyncAcks().GetValue() == 0 {
		return a, ErrNoPrimary
	}
	switch {
	case has.Committed > d.committed || d.hashOf(has.Committed) != has.CommittedHash:
		return a, ErrDiverged
	case has.Has > d.has() || d.hashOf(has.Has) != has.Hash:
		return Answer{discard: true}, nil
	}
	a.upTo = min(has.Has, d.committed)
	a.hash = d.hashOf(a.upTo)
	if err := d.acknowledge(replica, has.Has); err != nil {
		return a, err
	}
	if has.Has < d.has() {
		a.next = d.log[has.Has]
	}
	return a, nil
}

// acknowledge notes what a replica has, and commits what enough of them have. The caller holds the lock.
func (d *Database) acknowledge(replica string, has uint64) error {
	for server, had := range d.acks {
		if had <= d.committed {
			delete(d.acks, server)
		}
	}
	had, known := d.acks[replica]
	switch {
	case has <= d.committed || known && has == had:
		return nil
	case known && has < had:
		return errLags
	}
	d.acks[replica] = has
	upTo := has
	for _, has := range d.acks {
		upTo = min(upTo, has)
	}
	if len(d.acks) >= d.wants() {
		d.commit(upTo)
		d.notify()
	}
	return nil
}

// Take is what a replica does with an answer to what it had. It reports whether that changed what it has.
func (d *Database) Take(a Answer, had State, life int) (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.life != life || d.state() != had {
		return false, errClosed
	}
	defer func() {
		if changed {
			d.notify()
		}
	}()
	if a.discard {
		d.log = d.log[:d.committed:d.committed]
		return had.Has > had.Committed, nil
	}
	if a.upTo > d.committed {
		if d.hashOf(a.upTo) != a.hash {
			return false, ErrDiverged
		}
		d.commit(a.upTo)
		changed = true
	}
	if a.next == nil {
		return changed, nil
	}
	if a.next.header.PrevAlh != d.hashOf(d.has()) {
		return changed, errTail
	}
	d.log = append(d.log, a.next)
	return true, nil
}
