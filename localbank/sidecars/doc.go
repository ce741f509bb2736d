// Package sidecars finds Dapr's sidecar, placement and sentry programs, or builds
// them.
//
// It promises programs of the one minor version of Dapr that corebank is made
// for: from a directory that the user names, else the one beside corebank in an
// archive of a release, else installed ones, else programs built once from
// components/daprd into the user's cache. Any number of processes may look for them
// at the same time.
//
// It may import supervisor and filelock.
package sidecars
