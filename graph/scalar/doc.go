// Package scalar holds the API's own scalars: how each is written, and what
// each refuses. It may import bank.
package scalar
