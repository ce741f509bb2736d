package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// Columns is the width that every terminal has.
const Columns = 80

// Wrap breaks a text between words into lines that fit a terminal. All but the
// first begin with the indent.
func Wrap(text, indent string) string {
	var lines strings.Builder
	width := 0
	for i, word := range strings.Split(text, " ") { // two spaces have an empty word between them
		long := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+long > Columns-1 && word != "":
			lines.WriteString("\n" + indent)
			width = len(indent)
		default:
			lines.WriteString(" ")
			width++
		}
		lines.WriteString(word)
		width += long
	}
	return lines.String()
}

// Is reports whether an output is a terminal.
func Is(out io.Writer) bool {
	file, ok := out.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// replace goes to the beginning of the line and erases it.
const replace = "\r\x1b[K"

// Line is the place where progress is shown.
type Line struct {
	// Terminal says that the output is a terminal.
	Terminal bool
	out      io.Writer
	open     bool // the line on the terminal has not ended
}

// NewLine shows progress on an output.
func NewLine(out io.Writer) *Line { return &Line{Terminal: Is(out), out: out} }

// Show replaces the line of a terminal, or prints another line.
func (l *Line) Show(text string) {
	if !l.Terminal {
		fmt.Fprintln(l.out, text)
		return
	}
	fmt.Fprint(l.out, replace+text)
	l.open = true
}

// End keeps what a terminal shows, so that other output follows below.
func (l *Line) End() {
	if l.open {
		fmt.Fprintln(l.out)
		l.open = false
	}
}

// Erase removes what a terminal shows.
func (l *Line) Erase() {
	if l.open {
		fmt.Fprint(l.out, replace)
		l.open = false
	}
}
