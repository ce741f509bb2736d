// Package app is what the four apps share as processes: the connection to their
// Dapr sidecar, the service that the sidecar calls, health checks and the signals
// that stop them.
//
// It knows how calls travel, but not what they mean. It may import contract.
package app
