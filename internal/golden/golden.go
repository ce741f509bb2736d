package golden

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// Writing reports whether go generate runs the test.
func Writing() bool { return os.Getenv("GENERATE") != "" }

// Check fails where the file does not hold the text, and writes it when go generate runs the test.
func Check(t testing.TB, file, text string) {
	t.Helper()
	CheckBy(t, file, text, func(text string) string { return text })
}

// CheckBy is Check for a text of which only a part has to be the same. A file whose part is the same is left as it is.
func CheckBy(t testing.TB, file, text string, part func(string) string) {
	t.Helper()
	committed, err := os.ReadFile(file)
	switch {
	case err == nil && part(string(committed)) == part(text):
	case Writing():
		write(t, file, text)
	default:
		t.Errorf("%s is not what the code says (%v); run go generate ./...", file, err)
	}
}

// Add writes a file that is not there yet, when go generate runs the test. It never changes one that is there.
func Add(t testing.TB, file, text string) {
	t.Helper()
	if _, err := os.Stat(file); Writing() && errors.Is(err, fs.ErrNotExist) {
		write(t, file, text)
	}
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
