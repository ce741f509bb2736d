// Package postgres runs an installed PostgreSQL for as long as it is measured,
// with a directory of its own and reached through a socket in it.
//
// It promises that every commit is fsynced, that nothing listens on a network,
// and that nothing is left behind. It imports nothing of ours.
package postgres
