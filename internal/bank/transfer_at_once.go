package bank

// A transfer between accounts that the log can write to at once ends in the step in which it is sent. Either the
// receiver takes the money, and both accounts say so; or it comes back to the sender, whose account then says both,
// and the receiver's nothing. What is in transit between the two postings is none of a whole step.

// parties are sender and receiver, unless there is none: then the sender refuses by itself.
func (c SendTransfer) parties(own Account, _ Circumstances) []AccountID {
	if c.To == own.ID || !c.To.Valid() {
		return nil
	}
	return []AccountID{own.ID, c.To}
}

func (c SendTransfer) debits(own AccountID) []AccountID { return []AccountID{own} }

func (c SendTransfer) decideTogether(
	own AccountID, party func(AccountID) Party, in Circumstances,
) ([]Decided, Refusals) {
	return sendAtOnce(c, own, party, in)
}

// parties are those of the transfer that pays another back, or all of the legs to undo.
func (c Reverse) parties(own Account, in Circumstances) []AccountID {
	if whole, ok := c.wholeOf(in); ok {
		return c.legParties(own.ID, whole)
	}
	if past, ok := in.Past.(TransferReceived); ok && past.From != own.ID {
		return []AccountID{own.ID, past.From}
	}
	return nil
}

func (c Reverse) debits(own AccountID) []AccountID { return []AccountID{own} }

func (c Reverse) decideTogether(own AccountID, party func(AccountID) Party, in Circumstances) ([]Decided, Refusals) {
	if whole, ok := c.wholeOf(in); ok {
		return c.reverseLegs(whole, own, party, in)
	}
	return sendAtOnce(c, own, party, in)
}

// sendAtOnce lets the account decide as it does alone. What it sends then ends.
func sendAtOnce(c Command, own AccountID, party func(AccountID) Party, in Circumstances) ([]Decided, Refusals) {
	sender := party(own)
	in.Now = sender.Now
	event, broken := c.decide(sender.Account, in)
	if len(broken) > 0 {
		return nil, broken
	}
	sent, ok := event.(TransferSent)
	if !ok {
		return []Decided{{Account: own, Event: event}}, nil
	}
	receive := sent.receipt(own, sender.Now)
	receive.AtOnce = true
	receiver := party(sent.To)
	answer, _ := receive.decide(receiver.Account, Circumstances{Now: receiver.Now}) // never refused
	if received, ok := answer.(TransferReceived); ok {
		sent.End = EndArrived
		return []Decided{{Account: own, Event: sent}, {Account: sent.To, Event: received, Step: receive}}, nil
	}
	sent.End = EndReturned
	comeback := answer.(TransferRejected).comeback()
	returned, broken := comeback.decide(sender.Apply(sent, sender.Now), in)
	return []Decided{{Account: own, Event: sent}, {Account: own, Event: returned, Step: comeback}}, broken
}
