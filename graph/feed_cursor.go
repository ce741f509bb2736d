package graph

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"corebank/internal/contract"
)

// CursorMark is the part of a record's mark that a cursor has: enough to notice that
// the log has another record there.
type CursorMark [8]byte

// CursorMarkOf is the part of a record's mark that cursors of it have.
func CursorMarkOf(r *contract.Record) CursorMark {
	mark := r.Mark()
	return CursorMark(mark[:len(CursorMark{})])
}

// Fits reports whether a record may be the one that the mark is of. The zero mark
// is of any record.
func (m CursorMark) Fits(r *contract.Record) bool { return m == CursorMark{} || m == CursorMarkOf(r) }

// FeedCursor is where a subscriber continues: after a version of its account, which
// says nothing of other accounts, or after a position of the log.
type FeedCursor struct {
	// ByVersion is set if Number is a version, and not a position.
	ByVersion bool
	Number    int64
	// Mark is that of the record there; zero for none, or in a cursor of an earlier
	// build.
	Mark CursorMark
}

// cursorStream is the kind of the cursors of one account's feed.
const cursorStream = "stream"

func (c FeedCursor) text() string {
	kind := cursorPosition
	if c.ByVersion {
		kind = cursorStream
	}
	text := fmt.Appendf(nil, "%s:%d", kind, c.Number)
	if c.Mark != (CursorMark{}) {
		text = hex.AppendEncode(append(text, ':'), c.Mark[:])
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// readFeedCursor reads the cursor of a subscription; nil for none.
func readFeedCursor(text *string) (*FeedCursor, error) {
	if text == nil {
		return nil, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(*text)
	parts := strings.Split(string(plain), ":")
	if err != nil || len(parts) < 2 || len(parts) > 3 {
		return nil, notACursor("after", *text)
	}
	c := &FeedCursor{ByVersion: parts[0] == cursorStream}
	if c.Number, err = strconv.ParseInt(parts[1], 10, 64); err != nil || c.Number < 0 {
		return nil, notACursor("after", *text)
	}
	if len(parts) == 3 {
		mark, err := hex.DecodeString(parts[2])
		if err != nil || len(mark) != len(c.Mark) {
			return nil, notACursor("after", *text)
		}
		c.Mark = CursorMark(mark)
	}
	if c.text() != *text { // a place has one cursor
		return nil, notACursor("after", *text)
	}
	return c, nil
}

func notACursor(name, text string) error {
	return badInput(fmt.Sprintf("%s must be a cursor from an earlier answer of this field, not %.60q.", name, text))
}

// InvalidCursor is the fault of a cursor that names what the log does not have.
func InvalidCursor() error {
	return &Fault{Code: CodeCursorInvalid, Message: "The log does not have what this cursor names: " +
		"it is beyond the end, or from before an earlier copy of the log was restored. " +
		"Begin anew: leave the cursor out, and read the history again."}
}

// cursorOf is the cursor of an item of a feed of one account, or of all.
func cursorOf(item FeedItem, ofAccount bool) string {
	if ofAccount {
		return FeedCursor{ByVersion: true, Number: item.Version, Mark: item.Mark}.text()
	}
	return FeedCursor{Number: item.Position, Mark: item.Mark}.text()
}
