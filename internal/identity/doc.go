// Package identity says who asks and what they may do: principals, their
// roles, and the table of rights. It decides, and does nothing.
//
// What it promises: a right that the table does not name does not exist, and
// whoever may not know of an account is told the same as of one that there is
// not. What operations there are, and for whom, it takes from package contract;
// package oidc makes principals of signed tokens.
package identity
