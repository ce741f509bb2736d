// Package components embeds the files of this directory (Dapr's components and the
// configuration of the sidecars on one machine), so that a bank also runs without a
// clone of the repository.
package components
