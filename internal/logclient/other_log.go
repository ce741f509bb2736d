package logclient

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/contract"
)

// ErrOtherLog says that a checkpoint is not of this log. The error around it is an
// *OtherLogError.
var ErrOtherLog = errors.New("this is not the log that was processed")

// OtherLogError says why a checkpoint is not of this log: the log has another id,
// or it ends before the checkpoint, or it has another record there. In the last
// two cases an earlier copy of the log was restored.
type OtherLogError struct {
	At   contract.Checkpoint
	Log  string // the id of this log; "" if it has none
	Head int64  // where this log ends
}

// Error says what differs.
func (e *OtherLogError) Error() string {
	switch {
	case e.OfOther():
		return fmt.Sprintf("%v: that was %s, this is %s", ErrOtherLog, e.At.Log, e.Log)
	case e.Head < e.At.Position:
		return fmt.Sprintf("%v: that reached position %d, this ends at %d; an earlier copy of it was restored",
			ErrOtherLog, e.At.Position, e.Head)
	default:
		return fmt.Sprintf("%v: they have different records at position %d; an earlier copy of it was restored",
			ErrOtherLog, e.At.Position)
	}
}

// Unwrap is ErrOtherLog.
func (e *OtherLogError) Unwrap() error { return ErrOtherLog }

// OfOther reports whether the checkpoint is of a log with another id: perhaps that
// of another bank.
func (e *OtherLogError) OfOther() bool { return e.At.Log != "" && e.Log != "" && e.At.Log != e.Log }

// Verify fails with an *OtherLogError if a checkpoint is not of this log. The
// answer, of the event source that writes the log, has the record of the
// checkpoint; at position 0, it may have the first record.
func Verify(ctx context.Context, log Reader, at contract.Checkpoint) (contract.Records, error) {
	reply, err := log.ReadAll(ctx,
		contract.ReadAllRequest{AfterPosition: max(0, at.Position-1), Limit: 1, Certain: true})
	if err != nil {
		return reply, fmt.Errorf("read the log at position %d: %w", at.Position, err)
	}
	other := &OtherLogError{At: at, Log: reply.Log, Head: reply.Head}
	// A record may be there before its writer knows, who counts it to the head then.
	there := len(reply.Records) > 0 && reply.Records[0].Position == at.Position
	switch {
	case other.OfOther() || !there && reply.Head < at.Position:
		return reply, other
	case at.Position == 0:
		return reply, nil
	case !there:
		return reply, fmt.Errorf("the log answered without the record at position %d", at.Position)
	case !at.Mark.IsZero() && reply.Records[0].Mark() != at.Mark:
		return reply, other
	}
	return reply, nil
}
