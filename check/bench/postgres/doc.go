// Package postgres runs an installed PostgreSQL while it is measured, in its own
// directory and through a unix socket there. Every commit is fsynced, nothing
// listens on a network, and nothing is left behind. It may import livebank.
package postgres
