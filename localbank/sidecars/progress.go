package sidecars

import (
	"bytes"
	"strings"
)

// The steps of a build.
const (
	Downloading = "downloading"
	Compiling   = "compiling"
)

// Progress is the progress of a build.
type Progress struct {
	// Step is what is being done: one of the steps, or a sentence.
	Step string
	// Done counts modules or packages; Total is the largest number that is
	// possible, or 0 if that is not known.
	Done, Total int
}

// maxLastLines bounds the lines that are kept for a message.
const maxLastLines = 20

// outputReader makes progress of the output of the go tool and keeps its last
// lines.
type outputReader struct {
	report func(Progress)
	step   string
	total  int

	done    int
	last    []string
	partial []byte
}

// Write takes output of the go tool and reads it line by line.
func (l *outputReader) Write(p []byte) (int, error) {
	l.partial = append(l.partial, p...)
	for {
		line, rest, found := bytes.Cut(l.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.readLine(strings.TrimSpace(string(line)))
		l.partial = rest
	}
}

// readLine understands two kinds of lines: "go: downloading MODULE VERSION" and
// the path of a package that is compiled. All others are for people.
func (l *outputReader) readLine(line string) {
	if line == "" {
		return
	}
	l.last = append(l.last, line)
	l.last = l.last[max(0, len(l.last)-maxLastLines):]
	if !strings.HasPrefix(line, "go: downloading ") && (l.step == Downloading || strings.ContainsAny(line, " :#")) {
		return
	}
	l.done++
	l.report(Progress{Step: l.step, Done: l.done, Total: l.total})
}

// counter counts lines.
type counter struct{ lines int }

func (c *counter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}
