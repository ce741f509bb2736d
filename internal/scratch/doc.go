// Package scratch makes the temporary folders of commands. It imports nothing of
// ours.
package scratch
