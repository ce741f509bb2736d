//go:build !unix

package server

// maxDescriptors is how many files and connections this process may have open; 0
// if that is not known.
func maxDescriptors() int { return 0 }
