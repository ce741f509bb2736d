package main

import (
	"fmt"
	"regexp"

	"github.com/dapr/components-contrib/pubsub"
	"github.com/dapr/kit/logger"
)

// discreet is a logger that leaves the passwords of URLs out. At the level debug,
// the broker's component logs the URL that it was given.
type discreet struct{ logger.Logger }

var passwordInURL = regexp.MustCompile(`(://[^:/@\s]*:)[^@/\s]*@`)

func withoutPasswords(text string) string { return passwordInURL.ReplaceAllString(text, "${1}…@") }

// Debugf logs at the level debug.
func (d discreet) Debugf(format string, arguments ...any) {
	d.Logger.Debug(withoutPasswords(fmt.Sprintf(format, arguments...)))
}

// discreetly makes a component with such a logger.
func discreetly(make func(logger.Logger) pubsub.PubSub) func(logger.Logger) pubsub.PubSub {
	return func(log logger.Logger) pubsub.PubSub { return make(discreet{log}) }
}
