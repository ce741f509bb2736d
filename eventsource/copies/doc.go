// Package copies decides what is done with a log that several machines have: which machine takes its commits, whether
// another one may take over, and which ones follow. It is pure: what the machines say goes in, a plan or a refusal in
// words comes out. It may import nothing of ours.
package copies
