// Package tracing follows one request through the apps: by its request id, which
// is always there, and by OpenTelemetry spans, which are off unless the operator
// asks for them. It also puts both into the lines of the log.
//
// Spans and lines name operations, codes, numbers and times. What a customer or a
// client wrote is never in a span: no owner, reference, memo, external id,
// metadata, idempotency key, token or amount, and no account.
package tracing
