// Package asset serves what is embedded in the binary: each file once, kept
// compressed, with its type, its tag and how long a browser may keep it.
//
// It promises that an answer does not depend on the machine: no MIME tables, no
// file system. It imports the standard library only.
package asset
