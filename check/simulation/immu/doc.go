// Package immu is a model of immudb's servers, as far as a bank's log uses them: what a database keeps on its disk,
// which conditions a commit has, how a replica copies a primary, when a commit is acknowledged, and what is lost with
// what.
//
// It follows immudb 1.11.1 where that matters to who takes over and what is lost: a commit is on the disk before it is
// committed and shown; a commit with conditions waits until the one before it is committed; a primary commits what as
// many replicas as it was set to wait for have said to have; a replica discards what it has and its primary has not,
// unless it has committed it. It has no time, no network and no luck: those are its user's.
package immu
