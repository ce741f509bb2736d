package tracing

import (
	"context"

	"corebank/internal/contract"
)

// Note notes what became of a command. A refusal is an answer; that nothing can
// be said, or done now, is a failure.
func Note(s *Span, o contract.Outcome) {
	if s == nil {
		return
	}
	s.Text(Outcome, string(o.Status))
	if o.Refusal != nil {
		s.Text(Refusal, string(o.Refusal.Code))
	}
	switch o.Status {
	case contract.Unknown, contract.Unavailable, contract.Invalid:
		s.Fail(string(o.Status))
	}
}

// WithCommands is a context of what commands come of: its lines in the log name
// their requests.
func WithCommands(ctx context.Context, commands []contract.Command) context.Context {
	return WithOrigins(ctx, func(yield func(contract.Origin) bool) {
		for i := range commands {
			if !yield(commands[i].Origin) {
				return
			}
		}
	})
}
