package tidy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEveryThreatHasItsTest: the tests that docs/security.md names are there.
func TestEveryThreatHasItsTest(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, s := range goFiles(t, func(s source) bool { return s.test }) {
		text, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declared.FindAllStringSubmatch(string(text), -1) {
			there[match[1]] = true
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
	for _, match := range named {
		if !there[match[1]] {
			t.Errorf("docs/security.md names %s, which is no test", match[1])
		}
	}
	if len(named) < 30 {
		t.Errorf("the page names %d tests", len(named))
	}
}
