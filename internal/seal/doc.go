// Package seal protects values that are cached outside of the process: only those
// who have a key can make one that counts. Any other value counts as lost.
//
// It imports nothing of corebank.
package seal
