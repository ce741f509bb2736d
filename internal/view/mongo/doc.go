// Package mongo keeps the views in MongoDB: the collections accounts, history,
// links, states, trials and checkpoint of one database, and of each generation
// that a rebuild made another six, numbered. Projectors and any number of gateways open it alike,
// in any order.
//
// What it promises: views and checkpoint change in one transaction, and a
// switch to another generation is one as well, after which nobody writes to
// the one before, and readers follow within a tenth of a second. That
// needs a replica set (of one node, at least) or a sharded cluster; a page of
// history costs its own lines, not the account's. Times are stored as integer
// microseconds, because MongoDB's own dates end at milliseconds. It may import
// bank and view.
package mongo
