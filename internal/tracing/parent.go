package tracing

import (
	"encoding/hex"

	"go.opentelemetry.io/otel/trace"
)

// A parent is a span as another app knows it, in the form of the W3C header
// traceparent: version, trace id, span id and flags in lower case hexadecimal.
const (
	parentLength = len("00-00000000000000000000000000000000-0000000000000000-00")
	traceStart   = 3
	spanStart    = 36
	flagsStart   = 53
)

// formatParent is a span as its children in other apps know it.
func formatParent(c trace.SpanContext) string {
	var text [parentLength]byte
	copy(text[:], "00-")
	traceID, spanID := c.TraceID(), c.SpanID()
	hex.Encode(text[traceStart:], traceID[:])
	text[spanStart-1] = '-'
	hex.Encode(text[spanStart:], spanID[:])
	text[flagsStart-1] = '-'
	hex.Encode(text[flagsStart:], []byte{byte(c.TraceFlags() & trace.FlagsSampled)})
	return string(text[:])
}

// parseParent reads a parent. Versions after this one begin in the same way. What
// is not a parent is none: a request does not fail for it.
func parseParent(text string) (c trace.SpanContext, ok bool) {
	if len(text) < parentLength || text[:2] == "ff" || !lowerHex(text[:2]) ||
		text[:2] == "00" && len(text) > parentLength || len(text) > parentLength && text[parentLength] != '-' ||
		text[traceStart-1] != '-' || text[spanStart-1] != '-' || text[flagsStart-1] != '-' {
		return c, false
	}
	var traceID trace.TraceID
	var spanID trace.SpanID
	var flags [1]byte
	if !readHex(traceID[:], text[traceStart:spanStart-1]) || !readHex(spanID[:], text[spanStart:flagsStart-1]) ||
		!readHex(flags[:], text[flagsStart:parentLength]) {
		return c, false
	}
	c = trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID,
		TraceFlags: trace.TraceFlags(flags[0]) & trace.FlagsSampled, Remote: true})
	return c, c.IsValid()
}

func readHex(into []byte, text string) bool {
	if !lowerHex(text) {
		return false
	}
	n, err := hex.Decode(into, []byte(text))
	return err == nil && n == len(into)
}

func lowerHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
