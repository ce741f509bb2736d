package laws

// Law names something that holds in every bank. The names are part of reports in
// JSON: they are added, never renamed.
type Law string

// The laws of a log.
const (
	Position   Law = "position"
	Version    Law = "version"
	Account    Law = "account"
	Opening    Law = "opening"
	Event      Law = "event"
	ExternalID Law = "external-id"
	Postings   Law = "postings"
	Balance    Law = "balance"
	Limit      Law = "limit"
	Available  Law = "available"
	Hold       Law = "hold"
	Reversal   Law = "reversal"
	Transfer   Law = "transfer"
	Transit    Law = "transit"
	Key        Law = "key"
	Hash       Law = "request"
	Time       Law = "time"
	Entries    Law = "entry"
	Views      Law = "views"
)

// The laws of how a log is stored, which only its audit can check.
const (
	Storage Law = "storage"
	Order   Law = "order"
	Proof   Law = "proof"
)

// The laws of a run.
const (
	Ended        Law = "ended"
	Asked        Law = "asked"
	Decided      Law = "decided"
	Acknowledged Law = "acknowledged"
	Denied       Law = "denied"
	Remembered   Law = "remembered"
	Shown        Law = "shown"
	Linearizable Law = "linearizable"
	SeenOnce     Law = "seen-once"
)

// The laws of a bank that is broken on purpose.
const (
	Fenced     Law = "fenced"
	Heals      Law = "heals"
	Unchanged  Law = "unchanged"
	Served     Law = "served"
	StandStill Law = "stand-still"
)

// sentences say what each law holds.
var sentences = map[Law]string{
	Position: "positions count from 1 without gaps",
	Version:  "an account's versions count from 1 without gaps",
	Account:  "a stream belongs to an account id",
	Opening: "an account is opened once, under the id that follows from caller and key, " +
		"and before that it only rejects transfers",
	Event:      "an event has a kind and a shape that this build knows, and has what its kind must have",
	ExternalID: "an account claims its external id before it is opened, and no two claim the same",
	Postings:   "postings sum to zero, move the event's amount, and are between the account and the ledger of its kind",
	Balance:    "the balance that an event states is the sum of all amounts up to it",
	Limit:      "a balance is not below what the account may owe",
	Available:  "neither is the balance less what is held",
	Hold:       "what is captured, released or expires is what the hold still keeps back",
	Reversal:   "a reversal undoes an earlier transaction of the account, and never more of it than there is",
	Transfer:   "a transfer is sent, received or rejected where it was sent to, then completed or returned, each once",
	Transit:    "the ledger has in transit what the transfers have that neither arrived nor came back",
	Key:        "an idempotency key has one event in its account, and what the bank does by itself has the key of that",
	Hash:       "an event has the hash of its request",
	Time:       "times are UTC in whole microseconds and never go back within an account",
	Entries:    "an event that moves money on its account shows one line of history, as its postings say, and others none",
	Views:      "the views are the fold of the log",

	Storage: "the log's database holds the records as the event source writes them, and nothing else",
	Order:   "each record is in its account's partition and has one place in the whole log, after what it came of",
	Proof:   "the database proves that its history was not rewritten",

	Ended:        "every transfer has ended",
	Asked:        "every event was asked for by a client, or follows from the log before it",
	Decided:      "every event is what the domain decides for its command after the version before it",
	Acknowledged: "what was acknowledged is in the log once, as it was asked and as it was answered",
	Denied:       "what was always refused or unavailable is not in the log",
	Remembered:   "a key that has an event is answered with that event, or with the conflict",
	Shown:        "the account that comes with an answer is the account at that version",
	Linearizable: "the answers about an account have an order that the domain and the clock explain",
	SeenOnce:     "a subscriber sees every transaction once and in order",

	Fenced:     "an event source that lost the log writes no more",
	Heals:      "a healed bank answers, its views and subscribers catch up, and no process panicked",
	Unchanged:  "what was in the log before is unchanged",
	Served:     "the balances that the API serves are those of the log",
	StandStill: "accounts with an event that cannot be read stand still and say so, and no others",
}

// Sentence says what the law holds.
func (l Law) Sentence() string { return sentences[l] }

// OfLog are the laws that a Log checks, OfRun those that a History checks; whether
// transfers have Ended, a Log checks.
var (
	OfLog = []Law{
		Position, Version, Account, Opening, Event, ExternalID, Postings, Balance, Limit, Available, Hold, Reversal,
		Transfer, Transit, Key, Hash, Time, Entries, Views,
	}
	OfRun = []Law{Ended, Asked, Decided, Acknowledged, Denied, Remembered, Shown, Linearizable, SeenOnce}
)
