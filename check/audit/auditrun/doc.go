// Package auditrun audits a stored bank: it reads the log from immudb and the views from their store, gives both to
// an auditor (package audit), and keeps the state of immudb that a successful audit has proven for the next one.
//
// It promises that only proven transactions are audited, that neither the event source nor the sequencer takes part
// in reading them, and that nothing is written but the proven state and, where the user may, the result that the
// query systemStatus shows.
package auditrun
