package socket

import (
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"sync"
)

// frames holds text messages as websocket frames, one after the other, so that
// several take one write. The library would take one write for each.
type frames struct {
	bytes []byte
}

// Bounds of one write.
const (
	// writeSize is how many bytes to collect before a write.
	writeSize = 8 << 10
	// maxReused is the maximum size of a buffer that is used again.
	maxReused = 64 << 10
)

// buffers are shared by all connections: few of them write at the same time.
var buffers = sync.Pool{New: func() any { return new(frames) }}

func newFrames() *frames { return buffers.Get().(*frames) }

// free returns the buffer to the pool.
func (f *frames) free() {
	if cap(f.bytes) > maxReused {
		return
	}
	f.bytes = f.bytes[:0]
	buffers.Put(f)
}

// The first byte of a frame with a whole text message, and the lengths from
// which the length takes 2 and 8 bytes: RFC 6455, section 5.2.
const (
	wholeText = 0x80 | 0x1
	inTwo     = 126
	beyondTwo = 1 << 16
	inEight   = 127
)

// add adds a message that consists of these parts.
func (f *frames) add(parts ...[]byte) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	f.bytes = append(f.bytes, wholeText)
	switch {
	case size < inTwo:
		f.bytes = append(f.bytes, byte(size))
	case size < beyondTwo:
		f.bytes = binary.BigEndian.AppendUint16(append(f.bytes, inTwo), uint16(size))
	default:
		f.bytes = binary.BigEndian.AppendUint64(append(f.bytes, inEight), uint64(size))
	}
	for _, part := range parts {
		f.bytes = append(f.bytes, part...)
	}
}

// message adds a message.
func (f *frames) message(m message) {
	text, err := json.Marshal(m)
	if err != nil { // only a payload of Init can cause that
		slog.Error("a message cannot be encoded", "error", err)
		return
	}
	f.add(text)
}
