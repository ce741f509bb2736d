// Package output writes the files that a person names: a regular file is replaced
// as a whole or not at all and keeps its mode; a device, a FIFO or a descriptor is
// written through; "-" is standard output.
//
// It imports nothing of ours.
package output
