// Package storedlog finds the databases of a bank's log, for commands that read it from outside of the bank: those of
// the bank that `corebank up` runs on a data directory, or those at addresses.
//
// It may import datadir, eventsource and internal packages.
package storedlog
