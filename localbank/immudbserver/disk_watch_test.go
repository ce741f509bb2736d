package immudbserver

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A disk that cannot be written for a moment while immudb opens ends it: nothing
// could tell afterwards what was not written.
func TestAnOpeningThatCouldNotWriteEnds(t *testing.T) {
	for name, full := range map[string]time.Duration{"a sound disk": time.Hour,
		"one that is full for a moment": 90 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, reason := time.Now(), ""
				stop := watchDisk(func() error {
					if now := time.Since(began); now > full && now < full+30*time.Millisecond {
						return errors.New("no space left")
					}
					return nil
				}, func(why string) { reason = why })
				<-time.After(4 * time.Second)
				stop()
				if ended := strings.Contains(reason, "no space left"); ended != (full < time.Second) {
					t.Errorf("it ended with %q", reason)
				}
			})
		})
	}
}
