// Package backup copies the log of a bank that serves into a backup (package archive), adds to it what is new, makes a
// bank of it again up to a position or a time, and tries that out.
//
// The log is all that is copied. A restored bank has the same log, by its id, positions and marks, so that what clients
// hold of it stays valid, and its views are built and audited before anyone can open it.
//
// It may import the apps, localbank and check/audit: only cmd imports it.
package backup
