package graph

import (
	"context"
	"errors"
	"fmt"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/contract"
)

// systemStatus reads the views before the log, so that the reported lag is never
// smaller than the real one.
func (r *Resolver) systemStatus(ctx context.Context) (*model.SystemStatus, error) {
	projected, err := r.Views.Checkpoint(ctx)
	var unread *Fault
	if err != nil && !errors.As(err, &unread) {
		return nil, fmt.Errorf("checkpoint of the views: %w", err)
	}
	status, err := r.Log.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("status of the log: %w", err)
	}
	return &model.SystemStatus{
		Head: status.Head, Published: status.Published, Projected: projected,
		Lag: max(0, status.Head-projected), LastAudit: auditOf(status.LastAudit),
		Partitions: partitionsOf(status.Partitions), ViewsProblem: problemOf(unread),
	}, nil
}

// problemOf is why no query is answered from the views; nil if they are.
func problemOf(unread *Fault) *string {
	if unread == nil {
		return nil
	}
	return &unread.Message
}

func partitionsOf(states []contract.PartitionStatus) []*model.PartitionStatus {
	partitions := make([]*model.PartitionStatus, len(states))
	for i, s := range states {
		partitions[i] = &model.PartitionStatus{Number: int64(s.Number), Head: s.Head, Ordered: s.Ordered}
		if s.Problem != "" {
			partitions[i].Problem = &s.Problem
		}
	}
	return partitions
}

func auditOf(a *contract.Audit) *model.Audit {
	if a == nil {
		return nil
	}
	return &model.Audit{At: scalar.DateTime(a.At), Position: a.Position, Records: a.Records,
		Accounts: a.Accounts, Findings: a.Findings, Ok: a.OK}
}
