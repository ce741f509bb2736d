// Package supervisor runs child processes as one group: it starts each when
// what it needs is ready, starts it again when it dies, stops all in the
// reverse order, and leaves none behind.
//
// It promises that ready means a condition that was seen to hold, never a time
// that has passed; that a child's end is reported with its reason and its last
// words; and that Run does not return before every process it started, and
// every process those started in their group, has ended. On Linux the system
// keeps that promise even if this process is killed.
//
// It knows nothing of banks and may import nothing of ours.
package supervisor
