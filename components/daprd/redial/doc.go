// Package redial makes gRPC try again soon to reach what it could not. By default it waits longer
// after each attempt, up to two minutes: a machine that comes back would be called only after
// that, and the accounts that move to it wait as long. Dapr has no setting for this.
//
// gRPC takes the default over when it is initialized. This package is initialized before, because
// its path comes first among those that need nothing but grpc/backoff:
// https://go.dev/ref/spec#Package_initialization. The test notices if that is no longer so.
package redial

import (
	"time"

	"google.golang.org/grpc/backoff"
)

func init() {
	backoff.DefaultConfig.MaxDelay = 2 * time.Second
}
