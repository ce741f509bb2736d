// Package session signs browsers in to a bank on this machine. Who may sign
// tokens offers one under a code, which is part of a link. A browser exchanges
// the code, once, for the key of a session, and the key for the token, as often
// as it opens a page. Only the hashes of codes and keys are stored, each as the
// name of a file that has the token.
//
// So the gateway, which redeems codes, needs no key that signs. The package
// imports only the standard library.
package session
