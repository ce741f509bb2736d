// Package bench measures a bank: how fast it is, how long one waits, and what
// each process spends on it.
//
// What it promises:
//
//   - what belongs together is measured in turns, so that a ratio of two cases
//     compares the same minutes of the same machine;
//   - every figure is the median of all repeats, with its spread;
//   - an open load counts the wait from when an operation was due, not from
//     when a slow bank let it begin;
//   - a failed operation is counted as failed and never as done;
//   - every run has an end, and leaves nothing behind.
//
// It uses a bank as any client does, from outside of its processes. It may
// import the bank's inner packages, never the apps.
package bench
