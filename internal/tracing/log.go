package tracing

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"corebank/internal/contract"
)

// NewLog writes a log as text or as JSON, one line for each message. A line that
// belongs to a request has the attributes request_id, trace_id and span_id; one of
// a call that several requests share has the first of their ids.
func NewLog(to io.Writer, asJSON bool, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if asJSON {
		return slog.New(lines{slog.NewJSONHandler(to, options)})
	}
	return slog.New(lines{slog.NewTextHandler(to, options)})
}

// lines adds the ids of requests to the lines of a log.
type lines struct{ slog.Handler }

// maxLineIDs bounds the ids in one line.
const maxLineIDs = 8

// Handle implements slog.Handler.
func (l lines) Handle(ctx context.Context, r slog.Record) error {
	if of, several := ctx.Value(originsKey{}).(Origins); several { // the context may be that of the first
		r.AddAttrs(attributesOf(of)...)
		return l.Handler.Handle(ctx, r)
	}
	if id := RequestOf(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if s := SpanOf(ctx); s != nil {
		r.AddAttrs(slog.String("trace_id", s.TraceID()), slog.String("span_id", s.SpanID()))
	}
	return l.Handler.Handle(ctx, r)
}

// attributesOf names what several commands come of.
func attributesOf(of Origins) (attributes []slog.Attr) {
	var requests, traces []string
	of(func(o contract.Origin) bool {
		requests = withID(requests, o.Request)
		if parent, ok := parseParent(o.Trace); ok {
			traces = withID(traces, parent.TraceID().String())
		}
		return true
	})
	for _, some := range []struct {
		one, many string
		ids       []string
	}{{"request_id", "request_ids", requests}, {"trace_id", "trace_ids", traces}} {
		switch len(some.ids) {
		case 0:
		case 1:
			attributes = append(attributes, slog.String(some.one, some.ids[0]))
		default:
			attributes = append(attributes, slog.Any(some.many, some.ids))
		}
	}
	return attributes
}

// withID adds an id to those of a line, if it is not there and there is room.
func withID(ids []string, id string) []string {
	if id == "" || len(ids) == maxLineIDs || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// WithAttrs implements slog.Handler.
func (l lines) WithAttrs(attributes []slog.Attr) slog.Handler {
	return lines{l.Handler.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (l lines) WithGroup(name string) slog.Handler { return lines{l.Handler.WithGroup(name)} }
