package laws

// Law names something that holds in every bank. The names are part of reports in JSON: they are added, never
// renamed.
type Law string

// OfLog are the laws that a Log checks, OfRun those that a History checks; whether transfers have Ended, a Log
// checks.
var OfLog, OfRun []Law

// sentences say what each law holds.
var sentences = make(map[Law]string)

func law(name Law, sentence string) Law {
	sentences[name] = sentence
	return name
}

func ofLog(name Law, sentence string) Law {
	OfLog = append(OfLog, name)
	return law(name, sentence)
}

func ofRun(name Law, sentence string) Law {
	OfRun = append(OfRun, name)
	return law(name, sentence)
}

// Sentence says what the law holds.
func (l Law) Sentence() string { return sentences[l] }

// The laws of a log.
var (
	Position = ofLog("position", "positions count from 1 without gaps")
	Version  = ofLog("version", "an account's versions count from 1 without gaps")
	OnePiece = ofLog("one-piece", "an append to several accounts is in one piece: its records count down to its last")
	Account  = ofLog("account", "a stream belongs to an account id")
	Opening  = ofLog("opening", "an account is opened once, under the id that follows from caller and key, "+
		"and before that it only rejects transfers")
	Event      = ofLog("event", "an event has a kind and a shape that this build knows, and has what its kind must have")
	ExternalID = ofLog("external-id", "an account claims its external id before it is opened, and no two claim the same")
	Postings   = ofLog("postings", "postings sum to zero, move the event's amount, and are between the account and "+
		"the ledger of its kind")
	Balance   = ofLog("balance", "the balance that an event states is the sum of all amounts up to it")
	Limit     = ofLog("limit", "a balance is not below what the account may owe")
	Available = ofLog("available", "neither is the balance less what is held")
	Hold      = ofLog("hold", "what is captured, released or expires is what the hold still keeps back")
	Reversal  = ofLog("reversal", "a reversal undoes an earlier transaction of the account, and never "+
		"more of it than there is")
	Transfer = ofLog("transfer", "a transfer is sent, received or rejected where it was sent to, then "+
		"completed or returned, each once; one that ends in one step is sent, then received or returned")
	Journal = ofLog("journal", "a transaction's legs sum to zero in each currency, and each is in the log once, "+
		"as the leg says that has them all")
	Transit = ofLog("transit", "the ledger has in transit what the transfers have that neither arrived nor came back")
	Key     = ofLog("key", "an idempotency key has one event in its account, and what the bank does "+
		"by itself has the key of that")
	Hash = ofLog("request", "an event has the hash of its request")
	Time = ofLog("time", "times are UTC in whole microseconds, never far ahead of the clock, and go back within "+
		"an account only from a time that was")
	Entries = ofLog("entry", "an event that moves money on its account shows one line of history, "+
		"as its postings say, and others none")
	Views = ofLog("views", "the views are the fold of the log")
)

// The laws of how a log is stored, which only its audit can check.
var (
	Storage = law("storage", "the log's database holds the records as the event source writes them, and nothing else")
	Order   = law("order", "each record is in its account's partition and has one place in the whole "+
		"log, after what it came of")
	Proof = law("proof", "the database proves that its history was not rewritten")
)

// The laws of a run.
var (
	Ended        = ofRun("ended", "every transfer has ended")
	Asked        = ofRun("asked", "every event was asked for by a client, or follows from the log before it")
	Decided      = ofRun("decided", "every event is what the domain decides for its command after the version before it")
	Acknowledged = ofRun("acknowledged", "what was acknowledged is in the log once, as it was asked "+
		"and as it was answered")
	Denied       = ofRun("denied", "what was always refused or unavailable is not in the log")
	Remembered   = ofRun("remembered", "a key that has an event is answered with that event, or with the conflict")
	Shown        = ofRun("shown", "the account that comes with an answer is the account at that version")
	Linearizable = ofRun("linearizable", "all answers have one order, over all accounts, that the domain "+
		"and the clock explain")
	Together = ofRun("together", "what several accounts do in one step, or an atomic batch, is in the log at once "+
		"and in whole, or not at all")
	SeenOnce = ofRun("seen-once", "a subscriber sees every transaction once and in order")
)

// The laws of a bank that is broken on purpose.
var (
	Fenced  = law("fenced", "an event source that lost the log writes no more")
	Current = law("current", "a read of the log has all that was acknowledged before it was asked for")
	Copied  = law("copied", "what is acknowledged is on as many machines as were asked for, and all machines have the "+
		"same log in the end")
	Heals     = law("heals", "a healed bank answers, its views and subscribers catch up, and no process panicked")
	Unchanged = law("unchanged", "what was in the log before is unchanged")
	Always    = law("always", "at any moment, a client sees ledgers that sum to zero, and nothing in transit "+
		"that is of one step")
	Served     = law("served", "the balances that the API serves are those of the log")
	StandStill = law("stand-still", "accounts with an event that cannot be read stand still and say so, and no others")
)
