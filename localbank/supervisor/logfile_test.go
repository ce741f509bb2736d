package supervisor

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestALogIsBoundWhileItIsWritten(t *testing.T) {
	dir := t.TempDir()
	log, err := openLog(dir, "vault")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	say := func(line string) {
		t.Helper()
		if _, err := log.WriteString(line + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	say("a small log")
	if err := log.bound(); err != nil {
		t.Fatal(err)
	}
	if got := log.tail(); !slices.Equal(got, []string{"a small log"}) {
		t.Errorf("a small log became %q", got)
	}

	if err := log.Truncate(maxLog); err != nil { // a hole, no bytes on disk
		t.Fatal(err)
	}
	say("the last straw")
	if err := log.bound(); err != nil {
		t.Fatal(err)
	}
	say("a new page")
	if got := log.tail(); !slices.Equal(got, []string{"a new page"}) {
		t.Errorf("the log goes on with %q", got)
	}
	aside, err := os.ReadFile(log.Name() + ".1")
	if err != nil || !strings.HasSuffix(string(aside), "the last straw\n") || len(aside) <= maxLog {
		t.Errorf("put aside were %d bytes, %v", len(aside), err)
	}
}

func TestAQuotationIsBounded(t *testing.T) {
	text := strings.Repeat("line\n\n", 100) + strings.Repeat("ü", 1000) + "\n"
	lines := lastLines([]byte(text))
	if len(lines) != quotedLines {
		t.Errorf("%d lines, want %d", len(lines), quotedLines)
	}
	if last := lines[len(lines)-1]; len(last) > quotedWidth+len("…") || !strings.HasSuffix(last, "…") {
		t.Errorf("a line of %d bytes: %q", len(last), last)
	}
}
