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
	if Failed(o) {
		s.Fail(string(o.Status))
	}
}

// Failed reports whether an outcome is that of a fault.
func Failed(o contract.Outcome) bool {
	return o.Status == contract.Unknown || o.Status == contract.Unavailable || o.Status == contract.Invalid
}

// EndAppend ends an append with its result. That it lost a race is no failure.
func EndAppend(s *Span, result contract.AppendResult, err error) {
	if s == nil {
		return
	}
	status := result.Status
	if err != nil {
		status = contract.AppendUnknown
	}
	s.Text(Outcome, string(status))
	switch status {
	case contract.AppendUnknown, contract.Overloaded, contract.Halted, contract.AppendInvalid:
		s.Fail(string(status))
	}
	s.End()
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
