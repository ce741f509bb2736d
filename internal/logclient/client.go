package logclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Client calls the event source's API through the sidecar. With several
// partitions, the streams of an account are asked of the partition that has
// them, or of the app that has the whole log, depending on the constructor:
// only the whole log knows positions in the whole log.
type Client struct {
	whole     *source     // is asked for all records
	apps      []*source   // by partition: what is asked for streams
	appenders []*appender // by partition
}

// New makes a client that reads everything from the app with the whole log: one of
// several event sources, or the only one if none are named.
func New(sidecar *app.Sidecar, eventSources ...string) *Client {
	return newClient(sidecar, eventSources, nil, "")
}

// NewPartition makes a client that reads one partition, of which one of several
// apps has the log: the positions that it gives are positions in that partition.
func NewPartition(sidecar *app.Sidecar, partition ...string) *Client {
	return newClient(sidecar, partition, nil, "")
}

// NewPartitioned makes a client for account actors. Streams are read from and
// appended to the account's own partition, which takes appends that carry the
// token; all records come from the app with the whole log. Each partition has as
// many event sources as the whole log.
func NewPartitioned(sidecar *app.Sidecar, partitions int, token string, eventSources ...string) *Client {
	return newClient(sidecar, eventSources, contract.PartitionApps(partitions), token)
}

func newClient(sidecar *app.Sidecar, eventSources, partitions []string, token string) *Client {
	if len(eventSources) == 0 {
		eventSources = []string{contract.AppEventSource}
	}
	c := &Client{whole: newSource(sidecar, eventSources...)}
	for _, partition := range partitions {
		c.apps = append(c.apps, newSource(sidecar, contract.OnMachines(partition, len(eventSources))...))
	}
	if len(partitions) == 0 {
		c.apps = []*source{c.whole}
	}
	for _, to := range c.apps {
		c.appenders = append(c.appenders, newAppender(
			func(ctx context.Context, request contract.AppendRequest) (reply contract.AppendReply, err error) {
				return reply, to.invoke(app.Prove(ctx, token), contract.MethodAppend, request, &reply)
			}))
	}
	return c
}

// Run carries appends until ctx ends. A client that only reads needs no Run.
func (c *Client) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, a := range c.appenders {
		running.Go(func() { a.run(ctx) })
	}
	running.Wait()
}

// partition is the index of the partition that has an account's stream.
func (c *Client) partition(id bank.AccountID) int { return contract.PartitionOf(id, len(c.apps)) - 1 }

// Append appends to one stream, together with what others append meanwhile. An
// error means that the outcome is unknown.
func (c *Client) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	return c.appenders[c.partition(a.Account)].Append(ctx, a)
}

// AppendAll appends what each of several asks for, which stands or falls alone,
// in as few calls as they fit into. Each goes to the partition of its own account.
// An error means that every outcome is unknown.
func (c *Client) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	if len(c.apps) == 1 {
		return c.appenders[0].AppendAll(ctx, appends)
	}
	parts := make([][]int, len(c.apps)) // the indexes of the appends
	for i, a := range appends {
		p := c.partition(a.Account)
		parts[p] = append(parts[p], i)
	}
	results, failures := make([]contract.AppendResult, len(appends)), make([]error, len(c.apps))
	var appending sync.WaitGroup
	for p, indexes := range parts {
		if len(indexes) == 0 {
			continue
		}
		appending.Go(func() {
			own := make([]contract.Append, len(indexes))
			for i, index := range indexes {
				own[i] = appends[index]
			}
			var answers []contract.AppendResult
			answers, failures[p] = c.appenders[p].AppendAll(ctx, own)
			for i, answer := range answers {
				results[indexes[i]] = answer
			}
		})
	}
	appending.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	return results, nil
}

// ReadStream reads an account's records after a version.
func (c *Client) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (reply contract.Records, err error) {
	return reply, c.apps[c.partition(r.Account)].invoke(ctx, contract.MethodReadStream, r, &reply)
}

// FindKeys reads the records of an account that carry one of the keys.
func (c *Client) FindKeys(ctx context.Context, r contract.FindKeysRequest) (reply contract.Records, err error) {
	return reply, c.apps[c.partition(r.Account)].invoke(ctx, contract.MethodFindKeys, r, &reply)
}

// ReadAll reads the records after a position, of all accounts.
func (c *Client) ReadAll(ctx context.Context, r contract.ReadAllRequest) (reply contract.Records, err error) {
	return reply, c.whole.invoke(ctx, contract.MethodReadAll, r, &reply)
}

// Status reports how far the log is.
func (c *Client) Status(ctx context.Context) (reply contract.LogStatus, err error) {
	return reply, c.whole.invoke(ctx, contract.MethodStatus, struct{}{}, &reply)
}

// Ready reports whether the event source takes appends. Of several partitions,
// one that does is enough: the others hold up their own accounts only, and the
// reason names them.
func (c *Client) Ready(ctx context.Context) (reply contract.Readiness, err error) {
	if len(c.apps) == 1 {
		return reply, c.apps[0].invoke(ctx, contract.MethodReady, struct{}{}, &reply)
	}
	answers := make([]contract.Readiness, len(c.apps))
	var asking sync.WaitGroup
	for i, to := range c.apps {
		asking.Go(func() {
			if err := to.invoke(ctx, contract.MethodReady, struct{}{}, &answers[i]); err != nil {
				answers[i] = contract.Readiness{Reason: err.Error()}
			}
		})
	}
	asking.Wait()
	return combine(answers), nil
}

// combine is the readiness of several partitions, the first of them number 1.
func combine(answers []contract.Readiness) (all contract.Readiness) {
	var reasons []string
	all.ReadOnly = true
	for i, answer := range answers {
		all.Ready = all.Ready || answer.Ready
		if !answer.Ready {
			all.ReadOnly = all.ReadOnly && answer.ReadOnly
			reasons = append(reasons, fmt.Sprintf("partition %d: %s", i+1, answer.Reason))
		}
	}
	all.Reason, all.ReadOnly = strings.Join(reasons, "; "), all.ReadOnly && !all.Ready
	return all
}
