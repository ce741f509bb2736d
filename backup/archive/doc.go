// Package archive is the form of a backup: segments, which are files with records of consecutive positions, and a
// manifest that lists them. It writes backups, adds to them and reads them, and refuses what was damaged, cut short,
// mixed up or belongs to another bank, with the name of the file. It does not know where a log comes from or goes to.
//
// A segment is a text, compressed with zstd and, if wanted, encrypted with age. Its first line is a Header, each other
// line a record as the log stores it, with its position in the whole log. Each header has the SHA-256 of the text of
// the segment before. The manifest is replaced as a whole after each segment, when that is durable: a backup that is
// interrupted is right up to the last segment that was completed.
//
// It may import contract and what is for files.
package archive
