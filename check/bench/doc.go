// Package bench measures a bank: its rates, its latencies, and the processor
// time of each process.
//
//   - Cases that belong together are measured in turns, so that their ratio
//     compares the same minutes of the same machine.
//   - Every figure is the median of all repeats, with its spread.
//   - An open load counts a wait from when the operation was due, not from when
//     a slow bank let it begin.
//   - A failed operation counts as failed and never as done.
//   - Every run ends, and leaves nothing behind.
//
// It uses a bank as any client does, from outside its processes. It may import
// the bank's inner packages, and of the apps only the projector's admin client.
package bench
