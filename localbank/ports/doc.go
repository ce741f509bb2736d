// Package ports picks free ports of this machine and holds them until the
// programs that they are for are started, so that no other program picks them
// meanwhile. It imports nothing of ours.
package ports
