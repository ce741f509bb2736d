// Package follow is what everybody needs who follows the log along the topic,
// in order and without gaps: the topic may lose, repeat or reorder anything,
// and what it does not have is read from the log.
//
// It keeps no state. It may import contract.
package follow
