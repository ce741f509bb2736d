// Package memory stores views in maps. It is the test double of the real stores:
// it passes their conformance suite and persists nothing. It may import bank,
// contract and view.
package memory
