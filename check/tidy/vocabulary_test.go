package tidy

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// retiredWords are words that earlier texts used in a meaning of their own. The
// right side is what to write instead. ARCHITECTURE.md has the glossary.
var retiredWords = map[string]string{
	"told":       "what was answered, delivered, reported or passed on",
	"lest":       "so that … not",
	"nobody":     "no one; for a caller without a token: anonymous",
	"whoever":    "the caller, the client, the operator",
	"in earnest": "in production",
	"by whom":    "who",
	"for ever":   "forever, permanently, never expires",
	"asker":      "caller",
	"herald":     "head notifier",
	"courier":    "dispatcher",
}

// retiredNames are words that no function, type, method or package may be
// called, because each had several meanings or none that the field knows.
var retiredNames = map[string]string{
	"asker": "caller", "herald": "headNotifier", "courier": "dispatcher", "town": "cluster",
	"shelf": "snapshotStore", "till": "loadAccounts", "lab": "env", "place": "position or submit",
	"order": "commandRequest, delivery or sequenceIndex", "book": "pendingState",
	"keep": "retain, store or checkpoint", "door": "middleware", "share": "encodeOnce", "screen": "status",
	"says": "validate", "counts": "conflicts", "plain": "payload", "flaws": "violations", "sound": "validate",
	"still": "nonMonetary", "looks": "requiredVersion", "told": "payload or item", "seats": "connlimit",
	"inbox": "subscription", "wake": "notify",
}

// vocabularyExempt are this file, built pages and their sources.
var vocabularyExempt = regexp.MustCompile(
	`^(check/tidy/vocabulary_test\.go|docs/benchmark\.html|server/graphiql/(assets|build)/)`)

// unixUser is the one text in which a retired word is somebody's name.
var unixUser = regexp.MustCompile(`"nobody"|or nobody to run|http\.NoBody`)

// TestRetiredWordsStayRetired reads prose: comments, texts, docs and pages.
func TestRetiredWordsStayRetired(t *testing.T) {
	words := make([]string, 0, len(retiredWords))
	for word := range retiredWords {
		words = append(words, word)
	}
	slices.Sort(words)
	retired := regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
	prose := []string{".go", ".graphqls", ".js", ".jsx", ".css", ".html", ".yml", ".yaml", ".md"}
	generated := generatedFiles(t)
	looked := 0
	err := walk(func(name string) error {
		if generated[name] || vocabularyExempt.MatchString(name) || !slices.Contains(prose, path.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		looked++
		for i, line := range strings.Split(string(text), "\n") {
			for _, word := range retired.FindAllString(line, -1) {
				if !unixUser.MatchString(line) {
					t.Errorf("%s:%d says %q; write %s", name, i+1, word, retiredWords[strings.ToLower(word)])
				}
			}
		}
		return nil
	})
	if err != nil || looked == 0 {
		t.Fatalf("looked at %d files: %v", looked, err)
	}
}

// TestRetiredNamesStayRetired reads what Go files declare.
func TestRetiredNamesStayRetired(t *testing.T) {
	for _, s := range goFiles(t, func(s source) bool { return !s.generated }) {
		if better, retired := retiredNames[s.syntax.Name.Name]; retired {
			t.Errorf("%s: package %s; call it %s", s.path, s.syntax.Name.Name, better)
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			var declared *ast.Ident
			switch n := n.(type) {
			case *ast.FuncDecl:
				declared = n.Name
			case *ast.TypeSpec:
				declared = n.Name
			default:
				return true
			}
			whole, first := strings.ToLower(declared.Name), firstWord(declared.Name)
			better, retired := retiredNames[whole]
			if !retired && isNoun(first) {
				better, retired = retiredNames[first]
			}
			if retired {
				t.Errorf("%s: %s; call it %s", s.position(declared.Pos()), declared.Name, better)
			}
			return true
		})
	}
}

// isNoun reports whether a retired name is retired at the beginning of longer
// names, too. The others are ordinary verbs there, as in keepAlive.
func isNoun(word string) bool {
	return slices.Contains([]string{"asker", "herald", "courier", "town", "shelf", "seats", "told", "inbox"}, word)
}

// firstWord is "head" for headNotifier.
func firstWord(name string) string {
	end := strings.IndexFunc(name[min(1, len(name)):], unicode.IsUpper)
	if end < 0 {
		return strings.ToLower(name)
	}
	return strings.ToLower(name[:end+1])
}

func generatedFiles(t *testing.T) map[string]bool {
	generated := make(map[string]bool)
	for _, s := range goFiles(t, func(s source) bool { return s.generated }) {
		generated[s.path] = true
	}
	return generated
}
