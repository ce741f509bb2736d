// Package input checks inputs where the executor is laxer than GraphQL: oneOf
// inputs, enums and numbers in variables, and that the API's own scalars are
// strings. It imports no other package of this module.
package input
