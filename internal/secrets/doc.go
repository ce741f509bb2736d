// Package secrets makes what the parts of one installation know each other by:
// the certificate authority of its sidecars and the identities that it hands
// certificates to, the tokens between each app and its sidecar, the right to
// append to the log, and the users of the broker.
//
// It promises new random secrets with every New, each for one purpose, and to
// write them only where their owner alone can read them. It may import contract.
package secrets
