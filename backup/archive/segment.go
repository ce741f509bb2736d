package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"corebank/internal/contract"
)

// Bounds of a segment: records and about the bytes of its text.
const (
	segmentRecords = 50_000
	segmentBytes   = 32 << 20
)

// maxText is more than any text of a segment: what claims to be longer is none.
const maxText = 1 << 30

// Header is the first line of a segment.
type Header struct {
	Format int `json:"format"`
	Origin
	// Before is the SHA-256 of the text of the segment before; zero for the first.
	Before Digest `json:"before"`
	Span
}

// segmentName is the file of the segment that begins at a position.
func segmentName(first int64, encrypted bool) string {
	name := fmt.Sprintf("segment-%015d.zst", first)
	if encrypted {
		name += ".age"
	}
	return name
}

// isSegment reports whether a file has the name of a segment.
func isSegment(name string) bool {
	return strings.HasPrefix(name, "segment-") && (filepath.Ext(name) == ".zst" || strings.HasSuffix(name, ".zst.age"))
}

// fill is how many of the records fit into one segment, and whether they fill it.
func fill(records []contract.Record) (n int, full bool) {
	size := 0
	for n = range records {
		size += len(records[n].Data) + recordOverhead
		if n == segmentRecords || size > segmentBytes && n > 0 {
			return n, true
		}
	}
	return len(records), len(records) == segmentRecords
}

// recordOverhead is about how long a record's text is besides its data.
const recordOverhead = 400

// encodeText makes the text of a segment of records, of which there is at least one.
func encodeText(of Origin, before Digest, records []contract.Record) (span Span, text []byte, err error) {
	last := records[len(records)-1]
	span = Span{First: records[0].Position, Last: last.Position, Mark: last.Mark(), At: last.At}
	head, err := json.Marshal(Header{Format: format, Origin: of, Before: before, Span: span})
	if err != nil {
		return span, nil, err
	}
	text = append(head, '\n')
	for i := range records {
		line, err := records[i].Encode()
		if err != nil {
			return span, nil, fmt.Errorf("encode the record at position %d: %w", records[i].Position, err)
		}
		text = append(append(text, line...), '\n')
	}
	return span, text, nil
}

// encode makes a segment of records: what the manifest says of it, and the content of its file.
func encode(of Origin, before Digest, records []contract.Record, seal Sealer) (s Segment, content []byte, err error) {
	span, text, err := encodeText(of, before, records)
	if err != nil {
		return s, nil, err
	}
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return s, nil, err
	}
	content = packer.EncodeAll(text, nil)
	if seal != nil {
		if content, err = seal(content); err != nil {
			return s, nil, fmt.Errorf("encrypt: %w", err)
		}
	}
	return Segment{File: segmentName(span.First, seal != nil), Span: span, Text: sha256.Sum256(text),
		SHA256: sha256.Sum256(content), Bytes: int64(len(content))}, content, nil
}

// decode reads the content of a segment's file: its header, the SHA-256 of its text, and its records.
func decode(content []byte, open Opener) (h Header, text Digest, records []contract.Record, err error) {
	if open != nil {
		if content, err = open(content); err != nil {
			return h, text, nil, err
		}
	}
	unpacker, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxText))
	if err != nil {
		return h, text, nil, err
	}
	defer unpacker.Close()
	whole, err := unpacker.DecodeAll(content, nil)
	if err != nil {
		return h, text, nil, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	lines := bufio.NewReader(bytes.NewReader(whole))
	first, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(first, &h)
	}
	if err != nil {
		return h, text, nil, fmt.Errorf("it does not begin with a header: %w", err)
	}
	if h.Format != format {
		return h, text, nil, fmt.Errorf("it has format %d, and this build knows %d", h.Format, format)
	}
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return h, sha256.Sum256(whole), records, nil
		}
		var r contract.Record
		if err == nil {
			err = contract.Decode(line, &r)
		}
		if err != nil {
			return h, text, nil, fmt.Errorf("the record after position %d is damaged: %w", h.First+int64(len(records))-1, err)
		}
		records = append(records, r)
	}
}
