package must

import (
	"errors"
	"fmt"
)

// failure is the panic that Catch ends.
type failure struct{ error }

// Do ends the function that catches, unless err is nil.
func Do(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// Get is a value that comes with an error.
func Get[T any](value T, err error) T {
	Do(err)
	return value
}

// Catch makes the failure that ended a function its error.
func Catch(err *error) {
	switch ended := recover().(type) {
	case nil:
	case failure:
		if *err == nil {
			*err = ended.error
		} else { // what a deferred call reported
			*err = errors.Join(ended.error, *err)
		}
	default:
		panic(ended)
	}
}

// Wrap says what a function was to do, if it failed. It is deferred before Catch,
// so that it runs after it.
func Wrap(err *error, format string, arguments ...any) {
	if *err != nil {
		*err = fmt.Errorf("%s: %w", fmt.Sprintf(format, arguments...), *err)
	}
}
