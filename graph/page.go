package graph

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"corebank/graph/model"
	"corebank/internal/view"
)

// defaultPage is the default length of a page.
const defaultPage = 20

// paging holds the arguments of a connection.
type paging struct {
	first, last   *int64
	after, before *string
	filter        *model.TransactionFilter
}

func (p paging) read() (view.Page, error) {
	var page view.Page
	var err error
	if page.After, err = readCursor("after", p.after, cursorVersion); err != nil {
		return page, err
	}
	if page.Before, err = readCursor("before", p.before, cursorVersion); err != nil {
		return page, err
	}
	switch {
	case p.first != nil && p.last != nil:
		return page, badInput("Give first or last, not both.")
	case p.last != nil:
		page.Last, err = pageLength("last", *p.last)
	case p.first != nil:
		page.First, err = pageLength("first", *p.first)
	default:
		page.First = defaultPage
	}
	return page, err
}

func pageLength(name string, n int64) (int, error) {
	if n < 1 || n > view.MaxPage {
		return 0, badInput(fmt.Sprintf("%s must be 1 to %d, not %d.", name, view.MaxPage, n))
	}
	return int(n), nil
}

// Cursors name what they count, so that a cursor of a history is not accepted
// by a subscription.
const (
	cursorVersion  = "version"
	cursorPosition = "position"
)

func cursor(kind string, n int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", kind, n))
}

// readCursor reads the number in the cursor of an argument; 0 without a cursor.
func readCursor(name string, text *string, kind string) (int64, error) {
	if text == nil {
		return 0, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(*text)
	digits, _ := strings.CutPrefix(string(plain), kind+":")
	n, parseErr := strconv.ParseInt(digits, 10, 64)
	if err != nil || parseErr != nil || n < 0 || *text != cursor(kind, n) {
		return 0, notACursor(name, *text)
	}
	return n, nil
}
