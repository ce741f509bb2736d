// Package viewtest is the conformance suite of view stores. Every store passes
// Run; a store with transactions also passes RunAtomic. The suite compares a
// store with a model that filters and cuts plain slices. It may import bank,
// contract and view, and only tests import it.
package viewtest
