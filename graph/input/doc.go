// Package input checks what clients hand in where the executor is laxer than
// GraphQL: oneOf inputs, enums and numbers in variables, and the kinds of
// values that the API's own scalars are written as. It imports nothing of ours.
package input
