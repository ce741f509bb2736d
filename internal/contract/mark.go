package contract

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Mark stands for one record: two records have the same mark only if they say
// the same, apart from their position. The zero Mark is that of no record.
type Mark [16]byte

// markRoom is more than most records take, so that their marks need no memory.
const markRoom = 1024

// Mark is the mark of the record.
func (r *Record) Mark() Mark {
	text := make([]byte, 0, markRoom)
	number := func(n int64) { text = binary.BigEndian.AppendUint64(text, uint64(n)) }
	number(r.Version)
	number(int64(r.Schema))
	number(r.At.UnixMicro())
	if r.After != nil {
		number(int64(r.After.Partition))
		number(r.After.Position)
	}
	if r.More != 0 {
		number(int64(r.More))
	}
	for _, part := range [...]string{string(r.Account), r.Type, r.Key, r.Caller, r.RequestHash, r.Role} {
		number(int64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(append(text, r.Data...))
	return Mark(sum[:len(Mark{})])
}

// IsZero reports whether it is the mark of no record.
func (m Mark) IsZero() bool { return m == Mark{} }

// String is the mark in hexadecimal.
func (m Mark) String() string { return hex.EncodeToString(m[:]) }

// MarshalText makes the mark a text in JSON.
func (m Mark) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, m[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Mark) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(m) {
		return fmt.Errorf("a mark has %d hexadecimal digits, not %d", hex.EncodedLen(len(m)), len(text))
	}
	_, err := hex.Decode(m[:], text)
	return err
}

// Checkpoint is how far a reader has processed a log: which log, and which record
// there. A log that ends before it, or has another record there, is not the one
// that was processed: it is another bank's, or an earlier copy was restored.
type Checkpoint struct {
	// Log is the id of the log, or "" if it is not known.
	Log string `json:"log,omitempty"`
	// Position is that of the last record that was processed, or 0.
	Position int64 `json:"position"`
	// Mark is that of this record; zero if it is not known.
	Mark Mark `json:"mark,omitzero"`
}
