package main

import (
	"fmt"
	"regexp"

	"github.com/dapr/components-contrib/pubsub"
	"github.com/dapr/kit/logger"
)

// redactingLogger is a logger that leaves out the passwords of URLs. At the level
// debug, the broker's component logs its URL.
type redactingLogger struct{ logger.Logger }

var passwordInURL = regexp.MustCompile(`(://[^:/@\s]*:)[^@/\s]*@`)

func withoutPasswords(text string) string { return passwordInURL.ReplaceAllString(text, "${1}…@") }

// Debugf logs at the level debug.
func (d redactingLogger) Debugf(format string, arguments ...any) {
	d.Logger.Debug(withoutPasswords(fmt.Sprintf(format, arguments...)))
}

// withRedaction makes a component with such a logger.
func withRedaction(make func(logger.Logger) pubsub.PubSub) func(logger.Logger) pubsub.PubSub {
	return func(log logger.Logger) pubsub.PubSub { return make(redactingLogger{log}) }
}
