package contract

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads one JSON value that another process sent or the log kept. It is
// stricter than encoding/json, whose successor does the work at more than twice
// the speed: names have to be written exactly, none may come twice, and text has
// to be UTF-8. Fields that into does not have are ignored.
func Decode(data []byte, into any) error { return plainly(json.Unmarshal(data, into)) }

// decodeStrictly is Decode, but refuses fields that into does not have.
func decodeStrictly(data []byte, into any) error {
	return plainly(json.Unmarshal(data, into, json.RejectUnknownMembers(true)))
}

// decodeError says why JSON cannot be read, and repeats no value of it: errors are
// logged, and what customers wrote is not.
type decodeError struct {
	text  string
	cause error
}

func (e *decodeError) Error() string { return e.text }

// Unwrap is the cause, whose text may repeat values.
func (e *decodeError) Unwrap() error { return e.cause }

func plainly(err error) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &semantic) && errors.Is(semantic.Err, json.ErrUnknownName):
		return &decodeError{fmt.Sprintf("unknown field %q", semantic.JSONPointer.LastToken()), err}
	case errors.As(err, &semantic):
		kind := map[jsontext.Kind]string{'n': "null", 'f': "a boolean", 't': "a boolean", '"': "a text", '0': "a number",
			'{': "an object", '[': "a list"}[semantic.JSONKind]
		return &decodeError{fmt.Sprintf("%s cannot be read as %v%s", kind, semantic.GoType,
			pointedAt(semantic.JSONPointer)), err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &decodeError{"the JSON ends too early", err}
	case errors.As(err, &syntactic):
		return &decodeError{fmt.Sprintf("malformed JSON at byte %d%s", syntactic.ByteOffset,
			pointedAt(syntactic.JSONPointer)), err}
	}
	return &decodeError{"the JSON cannot be read", err}
}

// pointedAt is where in a document something is, as far as the names on the way to
// it are ours.
func pointedAt(pointer jsontext.Pointer) string {
	ours, _, _ := strings.Cut(string(pointer), "/metadata")
	if ours == "" {
		return ""
	}
	return " at " + ours
}
