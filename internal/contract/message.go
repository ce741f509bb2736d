package contract

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/klauspost/compress/zstd"
)

// Bounds of a message.
const (
	// packFrom is from how many bytes on records are packed. Smaller messages stay
	// readable JSON, because packing them would gain nothing.
	packFrom = 4 << 10
	// maxUnpacked bounds what a message may unpack to, which is several times
	// what the relay puts into one.
	maxUnpacked = 4 << 20
)

// message is a batch on the topic.
type message struct {
	Batch
	// Zstd is the JSON of the records, compressed, in place of Records.
	Zstd []byte `json:"zstd"`
}

// Message is the batch as the topic carries it: JSON, whose records are
// compressed if they are more than a few. Three sidecars copy and quote every
// byte of it, and Dapr's component for the broker decodes all of it for its "id".
func (b Batch) Message() ([]byte, error) {
	records, err := appendRecords(room(b.Records), b.Records)
	if err != nil {
		return nil, err
	}
	text, err := b.appendHead(make([]byte, 0, 128+len(records)))
	if err != nil {
		return nil, err
	}
	if len(records) < packFrom {
		return append(append(append(text, `,"records":`...), records...), '}'), nil
	}
	text = append(text, `,"zstd":"`...)
	text = base64.StdEncoding.AppendEncode(text, packer.EncodeAll(records, nil))
	return append(text, `"}`...), nil
}

// appendHead appends all of the batch but its records.
func (b Batch) appendHead(text []byte) ([]byte, error) {
	id, err := Encode(b.ID)
	if err != nil {
		return nil, err
	}
	text = append(append(text, `{"id":`...), id...)
	text = strconv.AppendInt(append(text, `,"previous":`...), b.Previous, 10)
	text = strconv.AppendInt(append(text, `,"first":`...), b.First, 10)
	text = strconv.AppendInt(append(text, `,"last":`...), b.Last, 10)
	if b.Takeover != "" {
		takeover, err := Encode(b.Takeover)
		if err != nil {
			return nil, err
		}
		text = append(append(text, `,"takeover":`...), takeover...)
	}
	if len(b.Traced) == 0 {
		return text, nil
	}
	return appendTraced(append(text, `,"traced":`...), b.Traced)
}

// ReadMessage is the batch of a message, which has yet to be checked.
func ReadMessage(data []byte) (Batch, error) {
	var m message
	if err := Decode(data, &m); err != nil {
		return Batch{}, err
	}
	if len(m.Zstd) == 0 {
		return m.Batch, nil
	}
	if m.Records != nil {
		return Batch{}, errors.New("records both packed and not")
	}
	records, err := unpacker.DecodeAll(m.Zstd, nil)
	if err != nil {
		return Batch{}, fmt.Errorf("unpack the records: %w", err)
	}
	return m.Batch, Decode(records, &m.Batch.Records)
}

// Both may be used by many at once. They take memory for as many as they are
// made for, and the others wait.
var (
	packer   = must(zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)))
	unpacker = must(zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderConcurrency(1)))
)

// must is for what can only fail in a way that every test would notice.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
