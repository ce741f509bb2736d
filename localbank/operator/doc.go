// Package operator asks a projector for what an operator wants: to build the views
// anew, to go back to the old ones, or to make the view of one account again. It
// finds the projector of the bank on a data directory, shows the progress, and
// says what to do if no projector answers.
//
// It may import projector, datadir and internal packages.
package operator
