package simulation

import "fmt"

// Law is something that holds in every run, whatever breaks.
type Law string

// The laws that a run is held to.
const (
	Gapless    Law = "positions, versions and times follow one another"
	OneWriter  Law = "an event source that lost the log writes no more"
	KeyOnce    Law = "a key has one event in its account"
	Exact      Law = "every event balances and leaves the balance that it says"
	Durable    Law = "what is acknowledged is durable, once, and what was asked for"
	Denied     Law = "what was refused or unavailable did not happen"
	Asked      Law = "nothing happens that nobody asked for"
	TrueDenial Law = "a refusal was true while its request was under way"
	Remembered Law = "a key that has an event is answered with it, or with the conflict"
	TrueState  Law = "the account in an answer is one that was"
	Caused     Law = "what came of something stands after it in the log"
	OneHolder  Law = "an external id has one account"
	Ended      Law = "a transfer ends once, as it arrived or not, and nothing stays in transit"
	Undone     Law = "nothing is reversed twice or beyond what it was"
	ViewsEqual Law = "the views are the fold of the log"
	SeenOnce   Law = "a subscriber sees every transaction once and in order"
	Recovers   Law = "a healed bank answers, and its views and subscribers catch up"
)

// Violation is a law that did not hold, and how.
type Violation struct {
	Law  Law
	Text string
}

func (v Violation) String() string { return fmt.Sprintf("%s: %s", v.Law, v.Text) }
