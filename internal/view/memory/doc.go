// Package memory keeps views in maps. It is the test double of the real
// stores: it passes their conformance suite and forgets everything. It may
// import bank and view.
package memory
