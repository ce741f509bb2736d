// Package client is a client of the bank's GraphQL API for commands that people
// run, and what they do with it: a statement that is read in pages and written as
// a whole. It may import bank, identity and statement.
package client
