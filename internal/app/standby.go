package app

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// standsBy is recognized by its text, which Dapr hands on.
const standsBy = "this event source stands by for another one, and has done nothing"

// ErrStandsBy is what a method answers while its app waits to take the place of another
// one: nothing was done, and another app is to be asked. Its code is one that Dapr does not
// try again.
var ErrStandsBy = status.Error(codes.FailedPrecondition, standsBy)

// StandsBy recognizes ErrStandsBy, also as it comes through sidecars.
func StandsBy(err error) bool { return err != nil && strings.Contains(err.Error(), standsBy) }
