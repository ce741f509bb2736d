// Package mongo stores the views in MongoDB: in the collections accounts,
// history, links, states, trials and checkpoint of one database. Each generation
// that a rebuild made has another six, numbered. Projectors and any number of
// gateways open the database in the same way, in any order.
//
// Views and checkpoint change in one transaction. A switch to another generation
// is one transaction as well; after it the previous generation accepts no writes,
// and readers follow within a tenth of a second. That needs a replica set (of at
// least one node) or a sharded cluster. A page of history costs its own lines,
// not the account's. Times are stored as integer microseconds, because MongoDB's
// own dates have milliseconds. The package may import bank, contract and view.
package mongo
