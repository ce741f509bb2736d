package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"corebank/internal/contract"
)

// format is the version of what this build writes. It reads no other one.
const format = 1

// Origin is the log of which a backup is.
type Origin struct {
	// Log is the id of the log.
	Log string `json:"log"`
	// Partitions is how many partitions the log has, and PartitionLogs their ids, if it has several.
	Partitions    int      `json:"partitions"`
	PartitionLogs []string `json:"partitionLogs,omitempty"`
}

// Manifest lists what a backup has.
type Manifest struct {
	Format int `json:"format"`
	Origin
	// Made is when the last segment was added.
	Made time.Time `json:"made"`
	// Encrypted says that the segments are.
	Encrypted bool `json:"encrypted,omitempty"`
	// Segments are the files, in the order of their positions, which begin with 1 and have no gap.
	Segments []Segment `json:"segments"`
}

// Segment is a file with the records of consecutive positions.
type Segment struct {
	File string `json:"file"`
	Span
	// Text is the SHA-256 of the text, SHA256 that of the file, of so many Bytes.
	Text   Digest `json:"text"`
	SHA256 Digest `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Span says which records a segment has.
type Span struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Mark is that of the last record, At when it was decided.
	Mark contract.Mark `json:"mark"`
	At   time.Time     `json:"at"`
}

// manifestName is the file of the manifest.
const manifestName = "manifest.json"

// End is where the backup ends: the checkpoint of a reader of the log who has processed what it has.
func (m *Manifest) End() contract.Checkpoint {
	if len(m.Segments) == 0 {
		return contract.Checkpoint{Log: m.Log}
	}
	last := m.Segments[len(m.Segments)-1]
	return contract.Checkpoint{Log: m.Log, Position: last.Last, Mark: last.Mark}
}

// At is when the last record was decided.
func (m *Manifest) At() time.Time {
	if len(m.Segments) == 0 {
		return time.Time{}
	}
	return m.Segments[len(m.Segments)-1].At
}

// Bytes is how long all segments are.
func (m *Manifest) Bytes() (all int64) {
	for _, s := range m.Segments {
		all += s.Bytes
	}
	return all
}

// text is the SHA-256 of the last segment's text.
func (m *Manifest) text() (before Digest) {
	if n := len(m.Segments); n > 0 {
		before = m.Segments[n-1].Text
	}
	return before
}

// ErrNone reports that there is no backup in a directory.
var ErrNone = errors.New("has no backup")

func readManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, manifestName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w: it has no %s", dir, ErrNone, manifestName)
	}
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; put a good copy of it there, or begin a new backup elsewhere", path, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s is not that of a whole backup: %w", path, err)
	}
	return &m, nil
}

// check is nil if the manifest can be that of a backup.
func (m *Manifest) check() error {
	if m.Format != format {
		return fmt.Errorf("it has format %d, and this build knows %d: use the build that wrote it", m.Format, format)
	}
	if err := contract.CheckPartitions(m.Partitions); err != nil {
		return err
	}
	if m.Log == "" || len(m.PartitionLogs) != len(contract.PartitionApps(m.Partitions)) {
		return errors.New("it does not say of which log")
	}
	last := int64(0)
	for _, s := range m.Segments {
		if s.First != last+1 || s.Last < s.First {
			return fmt.Errorf("after position %d it lists %s with positions %d to %d", last, s.File, s.First, s.Last)
		}
		if s.File != segmentName(s.First, m.Encrypted) {
			return fmt.Errorf("positions %d to %d are not in a file %q", s.First, s.Last, s.File)
		}
		last = s.Last
	}
	return nil
}

func (m *Manifest) encode() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", " ")
	return append(text, '\n'), err
}
