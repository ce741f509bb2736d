// Package viewtest says in tests what a view store is. Every store passes Run;
// one with transactions also passes RunAtomic. Pages are compared with a plain
// slice that is filtered and cut by hand. It may import bank and view, and is
// imported by tests only.
package viewtest
