package laws

import (
	"crypto/sha256"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// checkKey holds the key to its bounds, and that of what the bank does by itself to what it does.
func (l *Log) checkKey(r contract.Record, event bank.Event) {
	if own, ours := systemKey(event); ours {
		if r.Key != own {
			l.findings.about(r, Key, fmt.Sprintf("the bank's own key %q", own), fmt.Sprintf("%q", r.Key))
		}
	} else if refusal := bank.CheckKey(r.Key); refusal != nil && (event != nil || r.Key == "") {
		l.findings.about(r, Key, "an idempotency key", fmt.Sprintf("%q: %s", r.Key, refusal.Message))
		return
	}
	sum := sha256.Sum256([]byte(string(r.Account) + "/" + r.Key))
	hash := keyHash(sum[:len(keyHash{})])
	if _, again := l.keys[hash]; again {
		l.findings.about(r, Key, "a key that no earlier event of the account carries", fmt.Sprintf("%q again", r.Key))
	}
	l.keys[hash] = struct{}{}
}

// systemKey is the key of what only the bank itself does.
func systemKey(event bank.Event) (string, bool) {
	switch e := event.(type) {
	case bank.TransferReceived:
		return bank.SystemKey(bank.ReceiveTransfer{Transfer: e.Transfer})
	case bank.TransferRejected:
		return bank.SystemKey(bank.ReceiveTransfer{Transfer: e.Transfer})
	case bank.TransferCompleted:
		return bank.SystemKey(bank.CompleteTransfer{Transfer: e.Transfer})
	case bank.TransferReturned:
		return bank.SystemKey(bank.ReturnTransfer{Transfer: e.Transfer})
	case bank.HoldExpired:
		return bank.SystemKey(bank.ExpireHold{Hold: e.Hold})
	case bank.LegPosted:
		if e.Home != nil {
			return bank.SystemKey(bank.PostLeg{Journal: e.Journal, Number: e.Number})
		}
	case bank.ExternalIDClaimed:
		return bank.ClaimKey(e.Account), true
	}
	return "", false
}

// checkOpening reports whether the event belongs into the life of its account, or into a stream that is none. A
// second opening does not: it would empty the account.
func (l *Log) checkOpening(r contract.Record, acc *account, event bank.Event) bool {
	switch e := event.(type) {
	case bank.AccountOpened:
		if acc.state.IsOpen() {
			l.findings.about(r, Opening, "no second opening of the account", r.Type)
			return false
		}
		if id := bank.NewAccountID(r.Caller, r.Key); r.Account.Valid() && r.Account != id {
			l.findings.about(r, Opening, fmt.Sprintf("account %s, which %q opens with key %q", id, r.Caller, r.Key),
				string(r.Account))
		}
		l.checkExternalID(r, e)
		acc.opened = r.Position
	case bank.ExternalIDClaimed:
		if claim := bank.NewClaimID(e.ExternalID); r.Account != claim {
			l.findings.about(r, Opening, fmt.Sprintf("stream %s, in which external id %q is claimed", claim, e.ExternalID),
				string(r.Account))
		}
		if claimant := acc.state.Claimant; claimant != "" {
			l.findings.about(r, ExternalID,
				fmt.Sprintf("no second claim to external id %q, which is of %s", e.ExternalID, claimant), string(e.Account))
			return false
		}
	case bank.TransferRejected: // by an account that need not exist
	default:
		if acc.opened == 0 {
			l.findings.about(r, Opening, "the account's opening before all else", r.Type)
			acc.opened = -1 // that is said once
			acc.state.OpenedAt = r.At
			acc.state.Currency = changeOf(acc.state, event).Currency // it is held against what comes after
			acc.state.Balance.Currency = acc.state.Currency
		}
	}
	return true
}

// checkExternalID holds an opening to the claim before it.
func (l *Log) checkExternalID(r contract.Record, e bank.AccountOpened) {
	if e.ExternalID == "" {
		return
	}
	claim := l.accounts[bank.NewClaimID(e.ExternalID)]
	if claim == nil || claim.state.Claimant != r.Account {
		found := "no claim"
		if claim != nil && claim.state.Claimant != "" {
			found = "a claim of " + string(claim.state.Claimant)
		}
		l.findings.about(r, ExternalID, fmt.Sprintf("an earlier claim to external id %q by the account", e.ExternalID), found)
	}
}

// isAccount reports whether a stream is an account's, and not only a claim's or of transfers that no account could
// receive.
func (acc *account) isAccount() bool { return acc.opened != 0 || acc.unreadable }
