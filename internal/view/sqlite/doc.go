// Package sqlite keeps the views in one SQLite file: the projector opens it
// with Open, the gateway reads the same file from its own process with
// OpenReader, in any order. Generations are several such files, of which one is
// live; Live reads that one and follows when another goes live.
//
// What it promises: readers never wait for the projector nor it for them
// (write-ahead log); a page of history costs its own lines, not the account's;
// after a crash the views may be some transactions old, but always agree with
// their checkpoint, so that the projector goes on from there. It may import
// bank and view.
package sqlite
