// Package supervisor runs child processes as one group: it starts each when
// what it needs is ready, starts it again when it dies, stops all in the
// reverse order, and leaves none behind.
//
// It promises that a process is ready only when a check of it has succeeded, never
// because time has passed; that the end of a child is reported with its reason and
// its last lines; and that Run returns only when every process that it started has
// ended, and every process that those started in their group. On Linux the system
// keeps that promise even if this process is killed.
//
// It does not know what a bank is and may import nothing of ours.
package supervisor
