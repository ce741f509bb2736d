// Package issuer makes tokens for one bank on one machine: it has a key of its
// own in a file that only its owner can read, signs with it, and publishes the
// other half. It is for trying the bank, and for what the bank's own parts say
// to each other; people of a real bank sign in elsewhere.
//
// It may import packages identity and identity/oidc only.
package issuer
