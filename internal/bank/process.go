package bank

import "time"

// Step is a command that only the bank itself gives: to which account, and when.
type Step struct {
	Account AccountID
	Command Command
	// Due is when the command may first be given; zero is at once.
	Due time.Time
}

// NextStep is the command that follows from an event of an account at a time, and false where nothing follows. It is
// the whole process that carries a transfer to its end and ends a hold whose time is over:
//
//	the sender's TransferSent       → the receiver's ReceiveTransfer
//	the receiver's TransferReceived → the sender's CompleteTransfer
//	the receiver's TransferRejected → the sender's ReturnTransfer
//	HoldPlaced, HoldAdjusted        → ExpireHold, when the hold expires
//
// Nothing follows from a transfer that ended in the step in which it was sent (TransferSent.End).
//
// Each step has one idempotency key (SystemKey), so that it happens once however often it is tried.
func NextStep(account AccountID, version int64, at time.Time, e Event) (Step, bool) {
	switch e := e.(type) {
	case TransferSent:
		return Step{Account: e.To, Command: e.receipt(account, at)}, e.End == ""
	case TransferReceived:
		return Step{Account: e.From, Command: CompleteTransfer{Transfer: e.Transfer}}, !e.AtOnce
	case TransferRejected:
		return Step{Account: e.From, Command: e.comeback()}, true
	case HoldPlaced:
		return Step{Account: account, Command: ExpireHold{Hold: version}, Due: e.ExpiresAt}, true
	case HoldAdjusted:
		return Step{Account: account, Command: ExpireHold{Hold: e.Hold}, Due: e.ExpiresAt}, true
	}
	return Step{}, false
}

// receipt asks the receiver to take what the sender sent.
func (e TransferSent) receipt(from AccountID, at time.Time) ReceiveTransfer {
	receive := ReceiveTransfer{Transfer: e.Transfer, From: from, Amount: e.Amount, Details: e.Details,
		EffectiveAt: e.EffectiveAt, SentAt: at}
	if e.Reverses != nil {
		receive.Reverses = e.Reverses.Transfer
	}
	return receive
}

// comeback asks the sender to take back what the receiver did not take.
func (e TransferRejected) comeback() ReturnTransfer {
	return ReturnTransfer{Transfer: e.Transfer, Rejection: e.Rejection, Details: e.Details, SentAt: e.SentAt}
}
