// Package seal keeps caches honest: what is kept elsewhere comes back with a
// checksum, and if that does not match it is as good as lost.
//
// It imports nothing of corebank.
package seal
