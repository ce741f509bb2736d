package bank

import "slices"

// A leg is reversed with all others of its transaction: by a transaction that has the opposite of each, from the last
// to the first, so that none of them lacks what a later one had taken on.

// wholeOf has all legs of the transaction of which the event to reverse is one; false for what is no leg, or is a
// reversal itself.
func (c Reverse) wholeOf(in Circumstances) (LegPosted, bool) {
	past, ok := in.Past.(LegPosted)
	if ok && past.Home != nil {
		past, ok = in.Whole.(LegPosted)
	}
	return past, ok && past.Reverses == nil
}

// legParties are the accounts of all legs, its own first.
func (c Reverse) legParties(own AccountID, whole LegPosted) []AccountID {
	parties := []AccountID{own}
	for _, leg := range whole.Legs {
		if !slices.Contains(parties, leg.Account) {
			parties = append(parties, leg.Account)
		}
	}
	return parties
}

// reverseLegs undoes a whole transaction.
func (c Reverse) reverseLegs(
	whole LegPosted, own AccountID, party func(AccountID) Party, in Circumstances,
) ([]Decided, Refusals) {
	account := party(own)
	if refusal := account.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	var broken Refusals
	if c.Amount != nil {
		broken.add(refuseInput("amount", "must be left out: all legs of a transaction are reversed together, in full"))
	}
	if refusal := account.mayReverseLeg(c.Transaction); refusal != nil && refusal.Code == AlreadyReversed {
		return nil, append(broken, refusal)
	}
	j := journal{home: own, party: party, in: in}
	for _, leg := range slices.Backward(whole.Legs) {
		j.legs = append(j.legs, accountLeg{leg.Account, PostLeg{Credit: !leg.Credit, Amount: leg.Amount,
			Reverses: &LegReversal{Journal: whole.Journal, Version: leg.Version, Reason: c.Reason}}})
	}
	if first := slices.IndexFunc(j.legs, func(l accountLeg) bool { return l.account == own }); first >= 0 {
		if reverses := j.legs[first].Reverses; reverses.Version != c.Transaction {
			reverses.Asked = c.Transaction
		}
	}
	decided, more := j.post(func(i int, refusal *Refusal) *Refusal {
		original := len(j.legs) - 1 - i
		if id := j.legs[i].account; id != own {
			refusal.Message = "Account " + string(id) + ": " + refusal.Message
		}
		refusal.Leg = &original
		return refusal
	})
	if broken = append(broken, more...); len(broken) > 0 {
		return nil, broken
	}
	return decided, nil
}

// mayReverseLeg refuses to undo a leg again, or one more than can be remembered.
func (a Account) mayReverseLeg(version int64) *Refusal {
	if before, found := a.findReversed(version); found {
		return refuseReversed(before.By)
	}
	return a.mayReverse(version)
}

// differingLegs names the inputs in which a reversal differs from the one that made a leg.
func (c Reverse) differingLegs(done LegReversal) []string {
	asked := done.Version
	if done.Asked != 0 {
		asked = done.Asked
	}
	return conflicts(field{"transactionId", asked != c.Transaction}, field{"amount", c.Amount != nil},
		field{"reason", done.Reason != c.Reason})
}
