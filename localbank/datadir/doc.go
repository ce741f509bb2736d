// Package datadir is the data directory of a bank that `corebank up` runs: the
// path of everything in it, its lock, and what is written into it before the
// parts of the bank start.
//
// It promises that one process at a time uses a directory, that its number of
// partitions never changes, that a directory made by an earlier build keeps
// working (no path in it is ever renamed), that nothing is changed or removed that
// a bank did not make, that only the owner can read it, and that a log is noticed
// that was copied to where it is. Commands that look at a bank from
// outside (audit, rebuild, torture) find it by this package as well.
//
// It may import the apps and internal packages.
package datadir
