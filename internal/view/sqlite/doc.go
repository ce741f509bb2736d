// Package sqlite stores the views in one SQLite file. The projector opens it
// with Open, and the gateway reads the same file from its own process with
// OpenReader, in any order. Generations are several such files, of which one is
// live; Live reads that one and follows when another becomes live.
//
// Readers never wait for the projector, nor it for them (write-ahead log). A
// page of history costs its own lines, not the account's. After a crash the
// views may lack the last transactions, but they always agree with their
// checkpoint, so that the projector continues from there. The package may
// import bank, contract and view.
package sqlite
