// Package view holds the read models: the documents that answer queries, how
// events fold into them, and the stores that keep them (SQLite and MongoDB,
// one conformance suite in viewtest).
//
// Views are a cache of the log: lost, they are built again and come back
// equal. A store changes views and checkpoint in one transaction, so that
// each event has its effect exactly once. An event that cannot be folded leaves
// its account's document stale, and no other. The package may import bank and
// contract.
package view
