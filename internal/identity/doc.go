// Package identity says who the caller is and what it may do: principals, their
// roles, and the table of rights. It decides, and does nothing.
//
// What it promises: a right that the table does not name does not exist, and
// a caller that may not know of an account gets the same answer as for one that
// does not exist. What operations there are, and for whom, it takes from package contract;
// package oidc makes principals of signed tokens.
package identity
