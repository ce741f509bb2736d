// Package viewstore opens the store of the read models that a configuration
// names: MongoDB where there is a URI for it, else a SQLite file. It exists so
// that the projector and the gateway choose alike.
package viewstore
