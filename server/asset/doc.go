// Package asset serves files that are embedded in the binary. Each is stored
// compressed, with its content type, its tag and how long a browser may cache it.
//
// An answer does not depend on the machine: the package uses neither MIME tables
// nor the file system. It imports only the standard library.
package asset
