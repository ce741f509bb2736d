package laws

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"corebank/internal/bank"
)

// unexplained reports facts that no order explains together, and where there is more to read.
func (h *History) unexplained(id bank.AccountID, facts ...string) {
	if h.Details != "" {
		path := filepath.Join(h.Details, "order-"+string(id)+".txt")
		facts = append(facts, "see "+path)
		if err := h.save(id, path); err != nil {
			facts = append(facts, err.Error())
		}
	}
	h.Findings.Violated(Linearizable, "no order explains these together:\n  %s", strings.Join(facts, "\n  "))
}

// save writes an account's answers and records into a file.
func (h *History) save(id bank.AccountID, path string) error {
	var text bytes.Buffer
	for _, a := range h.Answers {
		if a.Request.Account == id || h.refuser(a) == id {
			fmt.Fprintln(&text, a)
		}
	}
	for _, e := range h.streams[id] {
		fmt.Fprintf(&text, "version %d position %d at %s key %s by %s: %s %s\n", e.Version, e.Position,
			e.At.Format(time.RFC3339Nano), e.Key, e.Caller, e.Type, e.Data)
	}
	return os.WriteFile(path, text.Bytes(), 0o600)
}

// earliest and latest say since when something is possible, and by when it was known, with the reason.
func (m *moment) earliest() string {
	for m.since != nil {
		m = m.since
	}
	if m.delayed != nil {
		return fmt.Sprintf("after %s", m.delayed)
	}
	return fmt.Sprintf("from %v: %s", m.early, m)
}

func (m *moment) latest() string {
	for m.until != nil {
		m = m.until
	}
	return fmt.Sprintf("by %v: %s", m.late, m)
}

// String names the versions that a moment made.
func (m *moment) String() string {
	var made []string
	for _, e := range m.entries {
		made = append(made, e.String())
	}
	return strings.Join(made, ", with ")
}

func (e *entry) String() string {
	return fmt.Sprintf("version %d of %s, key %s", e.Version, e.Account, e.Key)
}

// conflict is a look that is wrong, and what leaves no version for which it is right.
func (l *look) conflict() []string {
	facts := []string{l.String()}
	low := sort.Search(len(l.stream), func(i int) bool { return l.stream[i].late > l.from })
	for version := range low {
		if l.holds(version) {
			facts = append(facts, l.stream[low-1].latest())
			break
		}
	}
	high := sort.Search(len(l.stream), func(i int) bool { return l.stream[i].early > l.to })
	for version := high + 1; version <= len(l.stream); version++ {
		if l.holds(version) {
			return append(facts, l.stream[high].earliest())
		}
	}
	return facts
}

func (l *look) String() string {
	a := l.answer
	return fmt.Sprintf("from %v to %v: %+v refused: %s, %v available, key %s", l.from, l.to, a.Request.Command, a.Code,
		a.Available, a.Request.Key)
}
