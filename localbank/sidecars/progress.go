package sidecars

import (
	"bytes"
	"strings"
)

// Progress tells how a build goes on.
type Progress struct {
	// Step is what is being done: "downloading", "compiling", or a sentence.
	Step string
	// Done counts modules or packages; Total is their greatest possible number
	// or 0 if that is not known.
	Done, Total int
	// Item is the module or package of the moment.
	Item string
}

// keptLines bounds the lines that are kept for a message.
const keptLines = 20

// listener makes progress of what the go tool writes, and keeps the last lines
// of it.
type listener struct {
	report func(Progress)
	step   string
	total  int

	done    int
	last    []string
	partial []byte
}

// Write takes what the go tool writes, line by line.
func (l *listener) Write(p []byte) (int, error) {
	l.partial = append(l.partial, p...)
	for {
		line, rest, found := bytes.Cut(l.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.hear(strings.TrimSpace(string(line)))
		l.partial = rest
	}
}

// hear understands two kinds of lines: "go: downloading MODULE VERSION" and
// the bare path of a package that is compiled. All others are for people.
func (l *listener) hear(line string) {
	if line == "" {
		return
	}
	l.last = append(l.last, line)
	l.last = l.last[max(0, len(l.last)-keptLines):]
	item, downloading := strings.CutPrefix(line, "go: downloading ")
	if !downloading && (l.step == "downloading" || strings.ContainsAny(line, " :#")) {
		return
	}
	l.done++
	l.report(Progress{Step: l.step, Done: l.done, Total: l.total, Item: item})
}

// counter counts lines.
type counter struct{ lines int }

func (c *counter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}
