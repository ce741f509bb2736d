// Package seal protects values that are cached outside of the process with a
// checksum. A value whose checksum does not match counts as lost.
//
// It imports nothing of corebank.
package seal
