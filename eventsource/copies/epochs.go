package copies

import "slices"

// Two machines can each have raised an epoch of the same number: one became the primary and was lost before another had
// that, and the next one, which could not know, took the same number. Nothing is acknowledged under an epoch before
// the epoch itself is, so of the two at most one has acknowledged anything, and its epoch was on as many disks as copies
// are wanted.

// acknowledged reports whether a machine knows that its newest epoch was acknowledged.
func (m Machine) acknowledged() bool { return m.EpochAt > 0 && m.Committed >= m.EpochAt }

// settle leaves out the machines whose newest epoch is not the one of its number that was acknowledged. If nothing tells
// which one that was, rivals are all that have one of them.
func settle(have []Machine, copies int) (kept, rivals []Machine) {
	newest := int64(0)
	for _, m := range have {
		newest = max(newest, m.Epoch)
	}
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
			return slices.DeleteFunc(slices.Clone(have), func(m Machine) bool {
				return m.Epoch == newest && m.EpochHash != hash
			}), nil
		}
	}
	return have, rivals
}

// choose plans for one of rivals, of which none has acknowledged anything: then each disk that had a part in that must
// be seen, because another one could know better.
func choose(observed, have, rivals []Machine, wish Wish) (Plan, error) {
	for _, rival := range rivals {
		for _, m := range observed {
			if why := rival.Members.doubt(m); why != "" && !wish.ForceLoss {
				return refuse("%s and %s have both raised epoch %d, and nothing tells which one took over last: the other "+
					"machines may know it, and %s: %s. Start it with its disk. To go on with the machine that has the most "+
					"and lose what may be on others only, say --force-loss", rivals[0].Address,
					other(rivals).Address, rival.Epoch, m.Address, why)
			}
		}
	}
	return takeOver(observed, have, wish)
}

// other is the first of rivals that is none of the first one's kind.
func other(rivals []Machine) Machine {
	i := slices.IndexFunc(rivals, func(m Machine) bool { return m.EpochHash != rivals[0].EpochHash })
	return rivals[i]
}
