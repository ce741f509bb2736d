package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// eventOf is a recorded event in the current form of its type.
func (r *Resolver) eventOf(ctx context.Context, record contract.Record) (*model.AccountEvent, error) {
	event, err := record.Event()
	if err != nil {
		return nil, err
	}
	shown, err := r.withoutHiddenLegs(ctx, record, event)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(shown)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", record.Type, err)
	}
	node := &model.AccountEvent{AccountID: string(record.Account), Version: record.Version, Type: eventType(record.Type),
		OccurredAt: scalar.DateTime(record.At), Caller: record.Caller, CallerRole: optional(record.Role),
		IdempotencyKey: record.Key, Data: scalar.JSON(data)}
	node.Position = positionFor(!identity.From(ctx).SeesAll(), record.Position, record.Version)
	if line := view.TransactionOf(record, event); line != nil {
		node.Transaction = transactionOf(*line)
	}
	return node, nil
}

// eventType is the API's name of a stored type: money-deposited becomes
// MONEY_DEPOSITED.
func eventType(stored string) model.AccountEventType {
	return model.AccountEventType(strings.ToUpper(strings.ReplaceAll(stored, "-", "_")))
}

// events reads a page of an account's events from the log. Their versions have
// no gaps, so a page is a range of versions.
func (r *Resolver) events(ctx context.Context, a *model.Account, p paging) (*model.AccountEventConnection, error) {
	page, err := p.read()
	if err != nil {
		return nil, err
	}
	if err := r.checkVersions(ctx, a.State.ID, a.State.Version, page); err != nil {
		return nil, err
	}
	below := a.State.Version + 1
	if page.After > 0 {
		below = min(below, page.After)
	}
	above := min(page.Before, below)
	first, end := max(above+1, below-int64(page.First)), below
	if page.Last > 0 {
		first, end = above+1, min(below, above+1+int64(page.Last))
	}
	connection := &model.AccountEventConnection{Edges: []*model.AccountEventEdge{}, Nodes: []*model.AccountEvent{}}
	nodes := make([]*model.AccountEvent, 0, max(0, end-first))
	err = r.eachEvent(ctx, a.State.ID, first-1, end-1, func(record contract.Record) (bool, error) {
		node, err := r.eventOf(ctx, record)
		nodes = append(nodes, node)
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		connection.Nodes = append(connection.Nodes, nodes[i])
		edge := &model.AccountEventEdge{Cursor: cursor(cursorVersion, nodes[i].Version), Node: nodes[i]}
		connection.Edges = append(connection.Edges, edge)
	}
	connection.PageInfo = &model.PageInfo{HasNextPage: first > 1, HasPreviousPage: end <= a.State.Version}
	if n := len(connection.Edges); n > 0 {
		connection.PageInfo.StartCursor = &connection.Edges[0].Cursor
		connection.PageInfo.EndCursor = &connection.Edges[n-1].Cursor
	}
	return connection, nil
}
