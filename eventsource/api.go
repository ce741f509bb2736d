package eventsource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// API answers the log's service invocations. Replies to reads are also bounded in bytes, below what a sidecar carries.
type API struct {
	writer     appender
	storage    readable
	published  func() int64 // how far the relay has published
	partition  storage.Partition
	partitions func() []contract.PartitionStatus // nil for a log with one partition
}

// appender is the Writer, or the Sequencer in its place.
type appender interface {
	source
	Append(ctx context.Context, appends []contract.Append) []contract.AppendResult
	AwaitHead(ctx context.Context, after int64)
}

// readable is what the API reads: a storage.Log, or the Sequencer of several.
type readable interface {
	storage.Reader
	CheckOurs(ctx context.Context) error
	LastAudit(ctx context.Context) (*contract.Audit, error)
}

// maxReplyBytes bounds the event data of one read.
const maxReplyBytes = 2 << 20

// A reply has room for all of an append to several streams.
const _ = uint(maxReplyBytes - contract.MaxTogetherBytes)

// NewAPI makes the API of a writer and its storage. published returns how far the relay has published.
func NewAPI(writer *Writer, log readable, published func() int64) *API {
	return &API{writer: writer, storage: log, published: published}
}

// NewPartitionAPI makes the API of the writer of one partition. It has no relay, and it answers only for the accounts
// of that partition.
func NewPartitionAPI(writer *Writer, log readable, partition storage.Partition) *API {
	return &API{writer: writer, storage: log, published: func() int64 { return 0 }, partition: partition}
}

// NewMergedAPI makes the API of the merged log of several partitions.
func NewMergedAPI(s *sequencer.Sequencer, published func() int64) *API {
	return &API{writer: s, storage: s, published: published, partitions: s.Partitions}
}

// Methods are the API's methods by their contract names.
func (a *API) Methods() map[string]app.Method {
	return map[string]app.Method{
		contract.MethodAppend:     app.Typed(a.Append),
		contract.MethodReadStream: app.Typed(a.ReadStream),
		contract.MethodReadAll:    app.Typed(a.ReadAll),
		contract.MethodFindKeys:   app.Typed(a.FindKeys),
		contract.MethodStatus:     app.Typed(a.Status),
		contract.MethodReady:      app.Typed(a.Ready),
	}
}

// Append adds events to streams. Its error is only for malformed requests.
func (a *API) Append(ctx context.Context, request contract.AppendRequest) (contract.AppendReply, error) {
	if n := len(request.Appends); n == 0 || n > contract.MaxAppends {
		return contract.AppendReply{}, fmt.Errorf("a request has 1 to %d appends, not %d", contract.MaxAppends, n)
	}
	if a.partition.Number == 0 {
		return contract.AppendReply{Results: a.writer.Append(ctx, request.Appends)}, nil
	}
	return contract.AppendReply{Results: a.appendOwn(ctx, request.Appends)}, nil
}

// appendOwn appends to streams of this partition. If an append has only others, nothing is appended: the caller was
// started with another number of partitions. An append that has both is refused alone.
func (a *API) appendOwn(ctx context.Context, appends []contract.Append) []contract.AppendResult {
	results := make([]contract.AppendResult, len(appends))
	own := appends
	for i := range appends {
		owned, foreign := a.split(&appends[i])
		if foreign != "" && owned == "" {
			halted := contract.AppendResult{Status: contract.Halted, Reason: a.partition.Foreign(foreign),
				Partition: a.partition.Number}
			return slices.Repeat([]contract.AppendResult{halted}, len(appends))
		}
		if foreign != "" {
			results[i] = contract.AppendResult{Status: contract.Apart, Reason: a.partition.Apart(owned, foreign)}
			own = nil
		}
	}
	if own == nil {
		for i, one := range appends {
			if results[i].Status == "" {
				own = append(own, one)
			}
		}
	}
	answers := a.writer.Append(ctx, own)
	for i := range results {
		if results[i].Status == "" {
			results[i], answers = answers[0], answers[1:]
		}
		results[i].Partition = a.partition.Number
	}
	return results
}

// split is an account of an append whose stream is in this partition, and one whose stream is not.
func (a *API) split(one *contract.Append) (owned, foreign bank.AccountID) {
	for stream := range one.Streams {
		if a.partition.Owns(stream.Account) {
			owned = stream.Account
		} else {
			foreign = stream.Account
		}
	}
	return owned, foreign
}

// ReadStream reads one account's events.
func (a *API) ReadStream(ctx context.Context, request contract.ReadStreamRequest) (contract.Records, error) {
	if !request.Account.Valid() {
		return contract.Records{}, fmt.Errorf("%q is not an account id", request.Account)
	}
	if !a.partition.Owns(request.Account) {
		return contract.Records{}, errors.New(a.partition.Foreign(request.Account))
	}
	limit, err := readLimit(request.AfterVersion, request.Limit)
	if err != nil {
		return contract.Records{}, err
	}
	head := a.writer.Head() // from before the read: an answer may have more than it says, and never less
	records, err := a.storage.ReadStream(ctx, request.Account, request.AfterVersion, limit)
	return a.reply(records, limit, head, err)
}

// ReadAll reads the whole log in order.
func (a *API) ReadAll(ctx context.Context, request contract.ReadAllRequest) (contract.Records, error) {
	limit, err := readLimit(request.AfterPosition, request.Limit)
	if err != nil {
		return contract.Records{}, err
	}
	tenure, begun := a.writer.Tenure()
	if !begun {
		return contract.Records{}, fmt.Errorf("the log has no position yet: %s", a.writer.Ready().Reason)
	}
	wait := time.Duration(request.WaitMs) * time.Millisecond
	if wait < 0 || wait > contract.MaxReadWait {
		return contract.Records{}, fmt.Errorf("a read may wait at most %v, not %v", contract.MaxReadWait, wait)
	}
	if wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		a.writer.AwaitHead(waiting, request.AfterPosition)
		cancel()
	}
	head := a.writer.Head()
	records, err := a.storage.ReadAll(ctx, request.AfterPosition, limit)
	if err == nil && request.Certain {
		err = a.storage.CheckOurs(ctx)
	}
	reply, err := a.reply(records, limit, head, err)
	if whole := contract.Whole(reply.Records); !request.InPart && len(whole) > 0 {
		reply.Records = whole
	}
	reply.Log, reply.Takeover = tenure.Log, tenure.Takeover
	n := len(reply.Records)
	if n > 0 {
		reply.Head = max(reply.Head, reply.Records[n-1].Position)
	}
	if n > 0 && a.partition.Number > 0 { // for the sequencer
		reply.Traced = traced(a.writer, reply.Records[0].Position, reply.Records[n-1].Position)
	}
	return reply, err
}

// FindKeys reads the events that carry idempotency keys.
func (a *API) FindKeys(ctx context.Context, request contract.FindKeysRequest) (contract.Records, error) {
	if n := len(request.Keys); !request.Account.Valid() || n > contract.MaxCommands {
		return contract.Records{}, fmt.Errorf("%q and %d keys: want an account id and at most %d keys",
			request.Account, n, contract.MaxCommands)
	}
	if !a.partition.Owns(request.Account) {
		return contract.Records{}, errors.New(a.partition.Foreign(request.Account))
	}
	head := a.writer.Head()
	records, err := a.storage.FindKeys(ctx, request.Account, request.Keys)
	if err != nil {
		return contract.Records{}, err
	}
	return contract.Records{Records: records, Head: head, Partition: a.partition.Number}, nil
}

// Ready reports whether an append would be accepted now.
func (a *API) Ready(context.Context, struct{}) (contract.Readiness, error) {
	return a.writer.Ready(), nil
}

// Status is how far the log has got, and the result of the last audit.
func (a *API) Status(ctx context.Context, _ struct{}) (contract.LogStatus, error) {
	audit, err := a.storage.LastAudit(ctx)
	if err != nil {
		return contract.LogStatus{}, err
	}
	tenure, _ := a.writer.Tenure()
	status := contract.LogStatus{Head: a.writer.Head(), Published: a.published(), LastAudit: audit, Log: tenure.Log}
	if a.partitions != nil {
		status.Partitions = a.partitions()
	}
	return status, nil
}

func readLimit(after int64, limit int) (int, error) {
	if after < 0 || limit < 0 || limit > contract.MaxReadRecords {
		return 0, fmt.Errorf("after %d, limit %d: want 0 or more, and at most %d records",
			after, limit, contract.MaxReadRecords)
	}
	if limit == 0 {
		limit = contract.MaxReadRecords
	}
	return limit, nil
}

// reply shortens records to the bounds of a reply; the reader continues after the last one.
func (a *API) reply(records []contract.Record, limit int, head int64, err error) (contract.Records, error) {
	if err != nil {
		return contract.Records{}, err
	}
	bytes := 0
	for i, r := range records {
		bytes += contract.RecordBytes(r)
		if i == limit || bytes > maxReplyBytes {
			records = records[:i]
			break
		}
	}
	return contract.Records{Records: records, Head: head, Partition: a.partition.Number}, nil
}
