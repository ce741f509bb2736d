// Package tidy holds the rules of this repository that a compiler does not, as
// tests: which package may import which, how long a function may grow, that
// generated code is fresh. A rule without a check is a wish.
//
// It holds nothing else, and nothing imports it.
package tidy
