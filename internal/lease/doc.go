// Package lease lets one of several processes lead, and another one when that is lost.
//
// It promises that who leads keeps leading as long as it lives and can say so, that
// another one leads within seconds after it, and that two that want to do not depose each
// other in turn. It does not promise that never two lead for a moment: one that was frozen
// learns late that another one leads. What must not happen twice needs a fence of its own.
//
// No clocks are compared. Who waits counts by its own clock how long the holder has
// said nothing. The package imports only the standard library.
package lease
