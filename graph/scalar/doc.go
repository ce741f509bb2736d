// Package scalar holds the API's own scalars: their formats, and which inputs they
// refuse. It may import bank.
package scalar
