// Package viewstore opens the view store that a configuration names: MongoDB if
// it has a URI, otherwise a SQLite file. The projector and the gateway both use
// it, so that they choose the same store.
package viewstore
