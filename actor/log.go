package actor

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Log is the event source as an actor sees it. An error of Append means that
// its outcome is unknown.
type Log interface {
	Append(ctx context.Context, a contract.Append) (contract.AppendResult, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
	Ready(ctx context.Context) (contract.Readiness, error)
}

// remoteLog reaches the event sources through the sidecar: for what is one
// account's that of its partition, for the whole log the one that has it.
type remoteLog struct {
	appenders []*appender // by partition
	sidecar   *app.Sidecar
}

func newRemoteLog(sidecar *app.Sidecar, partitions int, token string) remoteLog {
	l := remoteLog{sidecar: sidecar}
	apps := contract.PartitionApps(partitions)
	if len(apps) == 0 {
		apps = []string{contract.AppEventSource}
	}
	for _, to := range apps {
		l.appenders = append(l.appenders, newAppender(func(ctx context.Context, request contract.AppendRequest) (reply contract.AppendReply, err error) {
			return reply, sidecar.Invoke(app.Prove(ctx, token), to, contract.MethodAppend, request, &reply)
		}))
	}
	return l
}

// run carries appends until ctx ends.
func (l remoteLog) run(ctx context.Context) {
	var running sync.WaitGroup
	for _, a := range l.appenders {
		running.Go(func() { a.run(ctx) })
	}
	running.Wait()
}

// of is the app that has an account's stream.
func (l remoteLog) of(id bank.AccountID) string {
	return contract.EventSourceOf(id, len(l.appenders))
}

func (l remoteLog) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	return l.appenders[contract.PartitionOf(a.Account, len(l.appenders))-1].Append(ctx, a)
}

func (l remoteLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, l.of(r.Account), contract.MethodReadStream, r, &reply)
}

func (l remoteLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodReadAll, r, &reply)
}

func (l remoteLog) FindKeys(ctx context.Context, r contract.FindKeysRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, l.of(r.Account), contract.MethodFindKeys, r, &reply)
}

// Ready is how the event source is. Of several partitions, one is enough to go
// on with: the others hold up their own accounts only, and are named.
func (l remoteLog) Ready(ctx context.Context) (reply contract.Readiness, err error) {
	if len(l.appenders) == 1 {
		return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodReady, struct{}{}, &reply)
	}
	answers := make([]contract.Readiness, len(l.appenders))
	var asking sync.WaitGroup
	for i, to := range contract.PartitionApps(len(l.appenders)) {
		asking.Go(func() {
			if err := l.sidecar.Invoke(ctx, to, contract.MethodReady, struct{}{}, &answers[i]); err != nil {
				answers[i] = contract.Readiness{Reason: err.Error()}
			}
		})
	}
	asking.Wait()
	return together(answers), nil
}

// together is the readiness of several partitions, the first of them number 1.
func together(answers []contract.Readiness) (all contract.Readiness) {
	var reasons []string
	for i, answer := range answers {
		all.Ready = all.Ready || answer.Ready
		if !answer.Ready {
			reasons = append(reasons, fmt.Sprintf("partition %d: %s", i+1, answer.Reason))
		}
	}
	all.Reason = strings.Join(reasons, "; ")
	return all
}

// readStream reads all of a stream after a version, page by page, and hands
// each record on, with the partition that has it: 0 where there is only one.
func readStream(ctx context.Context, log Log, id bank.AccountID, after int64, each func(contract.Record, int) error) error {
	for {
		page, err := log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: after})
		if err != nil {
			return fmt.Errorf("read the stream of %s after version %d: %w", id, after, err)
		}
		if len(page.Records) == 0 {
			return nil
		}
		for _, r := range page.Records {
			if err := each(r, page.Partition); err != nil {
				return err
			}
			after = r.Version
		}
	}
}
