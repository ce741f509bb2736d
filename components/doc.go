// Package components holds the files of this directory for a bank that runs
// without a clone of the repository: Dapr's components and the configuration
// of the sidecars on one machine.
package components
