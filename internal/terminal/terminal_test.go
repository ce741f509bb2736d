package terminal_test

import (
	"strings"
	"testing"

	"corebank/internal/terminal"
)

func TestLinesAreBrokenBetweenWords(t *testing.T) {
	text := "  name       " + strings.Repeat("wörd ", 40) + "end"
	got := terminal.Wrap(text, "             ")
	lines := strings.Split(got, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "  name       wörd") ||
		!strings.HasPrefix(lines[1], "             wörd") {
		t.Errorf("%q", lines)
	}
	for _, line := range lines {
		if n := len([]rune(line)); n >= terminal.Columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
		t.Errorf("words are lost: %s", got)
	}
	if long := strings.Repeat("x", 100); terminal.Wrap(long, " ") != long {
		t.Error("a word is broken")
	}
}
