// Package secrets makes the secrets by which the parts of one installation
// identify each other: the certificate authority of its sidecars and the
// identities that it certifies, the tokens between each app and its sidecar, the
// token for appending to the log, and the passwords of the broker's users.
//
// It promises new random secrets with every New, each for one purpose, in files
// that only their owner can read. It may import contract.
package secrets
