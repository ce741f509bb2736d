package laws

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"corebank/internal/bank"
)

// Bounds of the search for a conflict: in all, and for one order.
const (
	conflictTime = 20 * time.Second
	attemptTime  = time.Second
)

// conflict is a part of the operations that has no order, without any that it could do without. An event stays, but
// where it does not matter when it happened, it is left out of the result.
func conflict(model porcupine.Model, operations []porcupine.Operation) []porcupine.Operation {
	matters := slices.Repeat([]bool{true}, len(operations))
	end := time.Now().Add(conflictTime)
	for size := max(1, len(operations)/2); ; size /= 2 {
		for from := 0; from < len(operations) && time.Now().Before(end); from += size {
			without := slices.Clone(matters)
			chunk := without[from:min(from+size, len(operations))]
			if !slices.Contains(chunk, true) {
				continue
			}
			clear(chunk)
			if stuck := reduced(operations, without); porcupine.CheckOperationsTimeout(model, stuck, attemptTime) ==
				porcupine.Illegal {
				matters = without
			}
		}
		if size == 1 {
			break
		}
	}
	var rest []porcupine.Operation
	for i, o := range operations {
		if matters[i] {
			rest = append(rest, o)
		}
	}
	return rest
}

// reduced are the operations that matter, and the other events at any time.
func reduced(operations []porcupine.Operation, matters []bool) (some []porcupine.Operation) {
	for i, o := range operations {
		if !matters[i] {
			if !o.Input.(fact).event {
				continue
			}
			o.Call, o.Return = 0, int64(forever)
		}
		some = append(some, o)
	}
	return some
}

// explain says why operations have no order, and where there is more to read.
func (h *History) explain(id bank.AccountID, model porcupine.Model, operations []porcupine.Operation) string {
	var text strings.Builder
	text.WriteString(", nor do these alone have one:")
	for _, o := range conflict(model, operations) {
		until := "any time"
		if o.Return < int64(forever) {
			until = time.Duration(o.Return).String()
		}
		fmt.Fprintf(&text, "\n  from %v to %s: %s", time.Duration(o.Call), until, o.Input.(fact).text)
	}
	if h.Pictures == "" {
		return text.String()
	}
	page := filepath.Join(h.Pictures, "order-"+string(id)+".html")
	_, info := porcupine.CheckOperationsVerbose(model, operations, orderTime)
	err := errors.Join(porcupine.VisualizePath(model, info, page), h.save(id, strings.TrimSuffix(page, "html")+"txt"))
	fmt.Fprintf(&text, "\n  see %s, and the .txt beside it", page)
	if err != nil {
		fmt.Fprintf(&text, " (%v)", err)
	}
	return text.String()
}

// save writes an account's answers and records into a file.
func (h *History) save(id bank.AccountID, path string) error {
	var text bytes.Buffer
	for _, a := range h.Answers {
		if a.Request.Account == id {
			fmt.Fprintln(&text, a)
		}
	}
	for _, e := range h.streams[id] {
		fmt.Fprintf(&text, "version %d position %d at %s key %s by %s: %s %s\n", e.Version, e.Position,
			e.At.Format(time.RFC3339Nano), e.Key, e.Caller, e.Type, e.Data)
	}
	return os.WriteFile(path, text.Bytes(), 0o600)
}
