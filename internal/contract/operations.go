package contract

import "corebank/internal/bank"

// Operations is the table of contents of the bank: everything that may be asked of an account, who may ask it, and
// which events it may become. The codecs of commands and events (schema.go), the rights (internal/identity) and what
// a mutation costs (graph/cost.go) are derived from it; tests hold the schema's directives and the docs to it.
//
// Each operation is in the file of its noun in internal/bank: the command, its refusals, its events, how they change
// an account, their entry in its history and the ids that they are filed under. What it takes to add one is in
// ARCHITECTURE.md.
func Operations() []Operation { return operations }

// Operation is one command and what it may become.
type Operation struct {
	// Command is its name on the wire. It does not follow the name of the Go type.
	Command string
	// Mutation is its name in the API, and "" for a command that only the bank itself gives.
	Mutation string
	Access   Access
	// Accounts is how many accounts decide on it, in the end: what it costs.
	Accounts int
	Go       CommandType
	// Events are what it may become.
	Events []StoredEvent
}

// Access says who may give a command; internal/identity says which roles that are.
type Access int

const (
	// Bank is for the bank itself: the steps of what it does by itself.
	Bank Access = iota
	// Staff is for the bank's staff, to any account.
	Staff
	// Owner is for the account's owner, and for staff to any account.
	Owner
)

// An event has the version of the schema that it is stored with; older versions are read and lifted to it. Stored
// names and versions never change and never go (testdata holds an example of each).
var operations = []Operation{
	{"OpenAccount", "openAccount", Owner, 1, command[bank.OpenAccount](), events(
		event[bank.AccountOpened]("account-opened", 2, lifted(openedV1.lift)),
		event[bank.ExternalIDClaimed]("external-id-claimed", 1))}, // in the stream of the external id
	{"UpdateAccount", "updateAccount", Owner, 1, command[bank.UpdateAccount](), events(
		event[bank.AccountUpdated]("account-updated", 1))},
	{"CloseAccount", "closeAccount", Owner, 1, command[bank.CloseAccount](), events(
		event[bank.AccountClosed]("account-closed", 1))},
	{"FreezeAccount", "freezeAccount", Staff, 1, command[bank.FreezeAccount](), events(
		event[bank.AccountFrozen]("account-frozen", 1))},
	{"UnfreezeAccount", "unfreezeAccount", Staff, 1, command[bank.UnfreezeAccount](), events(
		event[bank.AccountUnfrozen]("account-unfrozen", 1))},
	{"SetLimits", "setLimits", Staff, 1, command[bank.SetLimits](), events(
		event[bank.LimitsSet]("limits-set", 1))},

	{"Deposit", "deposit", Owner, 1, command[bank.Deposit](), events(
		event[bank.MoneyDeposited]("money-deposited", 2, lifted(depositedV1)))},
	{"Withdraw", "withdraw", Owner, 1, command[bank.Withdraw](), events(
		event[bank.MoneyWithdrawn]("money-withdrawn", 2, lifted(withdrawnV1)))},

	{"PlaceHold", "placeHold", Owner, 1, command[bank.PlaceHold](), events(
		event[bank.HoldPlaced]("hold-placed", 1))},
	{"AdjustHold", "adjustHold", Owner, 1, command[bank.AdjustHold](), events(
		event[bank.HoldAdjusted]("hold-adjusted", 1))},
	{"CaptureHold", "captureHold", Owner, 1, command[bank.CaptureHold](), events(
		event[bank.HoldCaptured]("hold-captured", 1))},
	{"ReleaseHold", "releaseHold", Owner, 1, command[bank.ReleaseHold](), events(
		event[bank.HoldReleased]("hold-released", 1))},
	{"ExpireHold", "", Bank, 1, command[bank.ExpireHold](), events(
		event[bank.HoldExpired]("hold-expired", 2, lifted(expiredV1.lift)))},

	{"SendTransfer", "transfer", Owner, 2, command[bank.SendTransfer](), events(transferSent)},
	{"ReceiveTransfer", "", Bank, 1, command[bank.ReceiveTransfer](), events(
		event[bank.TransferReceived]("transfer-received", 2, lifted(receivedV1.lift)),
		event[bank.TransferRejected]("transfer-rejected", 2, lifted(rejectedV1.lift)))},
	{"CompleteTransfer", "", Bank, 1, command[bank.CompleteTransfer](), events(
		event[bank.TransferCompleted]("transfer-completed", 1))},
	{"ReturnTransfer", "", Bank, 1, command[bank.ReturnTransfer](), events(
		event[bank.TransferReturned]("transfer-returned", 2, lifted(returnedV1.lift)))},

	{"PostTransaction", "postTransaction", Owner, 2, command[bank.PostTransaction](), events(legPosted)},
	{"PostLeg", "", Bank, 1, command[bank.PostLeg](), events(legPosted)},

	{"Reverse", "reverse", Staff, 2, command[bank.Reverse](), events(
		event[bank.TransactionReversed]("transaction-reversed", 1), transferSent, legPosted)},
}

var (
	transferSent = event[bank.TransferSent]("transfer-sent", 2, lifted(sentV1.lift))
	legPosted    = event[bank.LegPosted]("leg-posted", 1)
)

func events(all ...StoredEvent) []StoredEvent { return all }
