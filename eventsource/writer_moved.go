package eventsource

import "errors"

// Holds reports whether this writer has taken the log over and has not lost it since, as far as it knows.
func (w *Writer) Holds() bool { return w.lease.Problem() == "" }

// errMoved is why the log is taken over again although no write has failed.
var errMoved = errors.New("the log has another primary")

// TakeOverAgain has the writer take the log over again when no commit is under way. Without it, a writer that had
// nothing to write would not notice that another machine is the primary, and no reader could read.
func (w *Writer) TakeOverAgain() {
	select {
	case w.again <- struct{}{}:
	default: // it will
	}
}

// forgetMoves forgets what was said before the log was taken over.
func (w *Writer) forgetMoves() {
	select {
	case <-w.again:
	default:
	}
}
