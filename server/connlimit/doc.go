// Package connlimit bounds how many connections stay open, in total and for
// one caller, so that no caller can exhaust the gateway. It imports no other
// package of this module.
package connlimit
