package copies

import "slices"

// Two machines can each have raised an epoch of the same number: one became the primary and was lost before another
// had that, and the next one, which could not know, took the same number. Nothing is acknowledged under an epoch
// before the epoch itself is, so of the two at most one has acknowledged anything, and its epoch was on as many disks
// as copies are wanted.

// acknowledged reports whether a machine knows that its newest epoch was acknowledged.
func (m Machine) acknowledged() bool { return m.EpochAt > 0 && m.Committed >= m.EpochAt }

// settle leaves out the machines whose newest epoch is not the one of its number that was acknowledged. If nothing
// tells which one that was, rivals are all that have one of them.
func settle(have []Machine, copies int) (kept, rivals []Machine) {
	newest := newestEpoch(have)
	seen, known := make(map[string]int), make(map[string]bool) // by the epoch's hash
	for _, m := range have {
		if m.Epoch == newest {
			seen[m.EpochHash]++
			known[m.EpochHash] = known[m.EpochHash] || m.acknowledged()
			rivals = append(rivals, m)
		}
	}
	if len(seen) < 2 {
		return have, nil
	}
	for hash := range seen {
		if known[hash] || seen[hash] >= copies {
			return without(have, newest, hash), nil
		}
	}
	return have, rivals
}

func newestEpoch(have []Machine) int64 {
	newest := int64(0)
	for _, m := range have {
		newest = max(newest, m.Epoch)
	}
	return newest
}

// without leaves out those that have another epoch of this number.
func without(have []Machine, number int64, hash string) []Machine {
	return slices.DeleteFunc(slices.Clone(have), func(m Machine) bool {
		return m.Epoch == number && m.EpochHash != hash
	})
}

// choose plans for one of rivals: the one that has something after its epoch, because no other can have acknowledged
// anything. If several have, then each disk that had a part in that must be seen: another one could know better.
func choose(observed, have, rivals []Machine, wish Wish) (Plan, error) {
	var wentOn []Machine // one of each kind
	for _, m := range rivals {
		if m.Has > m.EpochAt && !slices.ContainsFunc(wentOn, func(o Machine) bool { return o.EpochHash == m.EpochHash }) {
			wentOn = append(wentOn, m)
		}
	}
	if len(wentOn) == 1 {
		have = without(have, wentOn[0].Epoch, wentOn[0].EpochHash)
	}
	if len(wentOn) < 2 || wish.ForceLoss {
		return takeOver(observed, have, wish)
	}
	for _, rival := range wentOn {
		for _, m := range observed {
			if why := rival.Members.doubt(m); why != "" {
				return refuse("%s and %s have both raised epoch %d, and nothing tells which one took over last: %s may know "+
					"it, and %s. Start it with its disk. To go on with the machine that has the most and lose what may be on "+
					"others only, say --force-loss", wentOn[0].Address, wentOn[1].Address, rival.Epoch, m.Address, why)
			}
		}
	}
	return takeOver(observed, have, wish)
}
