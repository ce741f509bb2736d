package tracing

// The names of attributes that OpenTelemetry's conventions have.
const (
	ErrorType          = "error.type"
	HTTPMethod         = "http.request.method"
	HTTPStatus         = "http.response.status_code"
	HTTPRoute          = "http.route"
	GraphQLType        = "graphql.operation.type"
	RPCSystem          = "rpc.system.name"
	RPCMethod          = "rpc.method"
	DatabaseSystem     = "db.system.name"
	DatabaseBatch      = "db.operation.batch.size"
	MessagingSystem    = "messaging.system"
	MessagingType      = "messaging.operation.type"
	MessagingName      = "messaging.operation.name"
	MessagingTo        = "messaging.destination.name"
	MessagingBatchSize = "messaging.batch.message_count"
)

// The names of the bank's own.
const (
	// Fields are the fields of the schema that an operation begins with.
	Fields = "corebank.fields"
	// Command is the type of a command, and Outcome what became of it.
	Command = "corebank.command"
	Outcome = "corebank.outcome"
	// Refusal is the code of a refusal, which is no failure.
	Refusal = "corebank.refusal"
	// Commands is how many share a call or a turn, Appends how many a commit.
	Commands = "corebank.commands"
	Appends  = "corebank.appends"
	// Attempts is how often something was tried, if more than once.
	Attempts = "corebank.attempts"
	// Subscribers is to how many a transaction was delivered.
	Subscribers = "corebank.subscribers"
)

// Dapr is the system of calls and messages between the apps.
const Dapr = "dapr"
