package eventsource

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/internal/contract"
)

// Checkpoint implements Storage.
func (s *database) Checkpoint(ctx context.Context) (position int64, err error) {
	_, err = s.note(ctx, keyCheckpoint, &position)
	return position, err
}

// SaveCheckpoint implements Storage. Only the writer's relay may move the
// checkpoint: a fenced one learns it here, even when nobody asks it to write.
func (s *database) SaveCheckpoint(ctx context.Context, position int64) error {
	return s.saveNote(ctx, keyCheckpoint, position, s.stillOurs())
}

// LastAudit implements Storage.
func (s *database) LastAudit(ctx context.Context) (*contract.Audit, error) {
	var audit contract.Audit
	found, err := s.note(ctx, keyAudit, &audit)
	if err != nil || !found {
		return nil, err
	}
	return &audit, nil
}

// SaveAudit implements Storage.
func (s *database) SaveAudit(ctx context.Context, audit contract.Audit) error {
	return s.saveNote(ctx, keyAudit, audit, nil)
}

// note reads what is noted under a key beside the log into v, and tells
// whether there is anything.
func (s *database) note(ctx context.Context, key string, v any) (found bool, err error) {
	c, err := s.session(ctx)
	if err != nil {
		return false, err
	}
	entry, err := c.Get(ctx, []byte(key))
	if isNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, s.fault(ctx, c, "read the "+key, err)
	}
	if err := json.Unmarshal(entry.Value, v); err != nil {
		return false, fmt.Errorf("the stored %s is damaged: %w", key, err)
	}
	return true, nil
}

// saveNote notes v under a key, as JSON, on conditions.
func (s *database) saveNote(ctx context.Context, key string, v any, conditions []*schema.Precondition) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs: []*schema.KeyValue{{Key: []byte(key), Value: value}}, Preconditions: conditions, NoWait: true})
	if isPreconditionFailed(err) {
		return ErrFenced
	}
	if err != nil {
		return s.fault(ctx, c, "save the "+key, err)
	}
	s.saw(header.Id)
	return nil
}
