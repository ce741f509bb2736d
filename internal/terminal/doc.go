// Package terminal shows progress: in one line that changes where a person
// watches a terminal, in separate lines elsewhere. It imports nothing of ours.
package terminal
