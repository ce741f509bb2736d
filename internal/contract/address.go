package contract

// The stops of one deposit, in order: who listens where.
const (
	// AppServer is the app id of the GraphQL gateway.
	AppServer = "server"

	// AppActor hosts the account actors; a command goes to the actor of its
	// account and carries a CommandBatch to MethodExecute.
	AppActor      = "actor"
	ActorType     = "account"
	MethodExecute = "execute"

	// ClearingType are actors of the same app for commands that may concern several
	// accounts: each carries a ClearingBatch to MethodExecute (→ CommandReply) of the
	// ClearingActor of its first account.
	ClearingType = "clearing"

	// MethodNothing is answered at once, with an empty object, by any actor
	// whether or not there is such an account: it has no turn, and changes and
	// reads nothing. It measures what the way to an actor costs by itself.
	MethodNothing = "nothing"

	// AppEventSource owns the log and answers these methods by service
	// invocation.
	AppEventSource   = "eventsource"
	MethodAppend     = "append"      // AppendRequest → AppendReply
	MethodReadStream = "read-stream" // ReadStreamRequest → Records
	MethodReadAll    = "read-all"    // ReadAllRequest → Records
	MethodFindKeys   = "find-keys"   // FindKeysRequest → Records
	MethodStatus     = "status"      // nothing → LogStatus
	MethodReady      = "ready"       // nothing → Readiness

	// PubSub and Topic are where the relay publishes Batches; LiveFeed is the
	// same topic with a consumer of its own for every replica of the gateway, of
	// the actor app and of the projector.
	PubSub   = "pubsub"
	LiveFeed = "livefeed"
	Topic    = "corebank-events"

	// AppProjector is the app id of the projector.
	AppProjector = "projector"

	// StateStore keeps the actors' snapshots and the open transfers.
	StateStore = "statestore"

	// ProbeActorID is the actor that readiness probes call with MethodReady:
	// it belongs to no account and answers with a Readiness.
	ProbeActorID = "readiness"
)

// Readiness says whether an app could do its part of a mutation now, and if
// not, why.
type Readiness struct {
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"`
	// ReadOnly says that queries are answered nevertheless.
	ReadOnly bool `json:"readOnly,omitempty"`
}
