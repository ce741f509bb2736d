// Package viewtest is the conformance suite of view stores. Every store passes Run; a store with transactions also
// passes RunAtomic. Every change goes to a store and to a reference, which have to answer alike: the reference is
// the memory store, except that it finds pages and sums by looking at every line. It may import bank, contract and
// view, and only tests import it.
package viewtest
