// Package atomicfile replaces small files as a whole: a reader finds the old
// content or the new one, never a part. It imports nothing of ours.
package atomicfile
