// Package app is what the four apps share to be good processes: the
// connection to their Dapr sidecar, the service that the sidecar calls,
// health endpoints and logging.
//
// It knows how calls travel, not what they mean. It may import contract.
package app
