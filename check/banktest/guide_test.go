package banktest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/identity"
)

const (
	guidePage = "../../docs/guide.md"
	// guideParts is where npm puts what the guide's JavaScript imports.
	guideParts = "testdata/guide/node_modules"
	// guidePatience bounds each step.
	guidePatience = 2 * time.Minute
)

// guideBlock is a fenced block of the guide: a language and a name.
type guideBlock struct{ language, name, text string }

func readGuide(t *testing.T) (blocks []guideBlock) {
	t.Helper()
	text, err := os.ReadFile(guidePage)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$").FindAllStringSubmatch(string(text),
		-1) {
		blocks = append(blocks, guideBlock{match[1], match[2], match[3]})
	}
	return blocks
}

// guideRun is a reader who does all that the guide says, in a folder.
type guideRun struct {
	t         *testing.T
	bank      *banktest.Bank
	way       *badProxy
	folder    string
	account   string
	shell     *exec.Cmd
	say       io.Writer
	hear      *bufio.Reader
	root      string
	followers []*follower
	variables []string
}

// TestTheGuideWorks does what the guide says, from its first line to its last,
// over a way that loses answers and breaks connections, and compares with what
// the guide shows.
func TestTheGuideWorks(t *testing.T) {
	missing := t.Skip
	if os.Getenv("CI") == "true" {
		missing = t.Fatal
	}
	for _, tool := range []string{"sh", "curl", "openssl", "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing("the guide's snippets need " + tool)
		}
	}
	if _, err := os.Stat(filepath.Join(guideParts, "graphql-ws")); err != nil {
		missing("the packages of the guide's JavaScript are missing: run " +
			"npm install --no-package-lock --prefix check/banktest/testdata/guide")
	}
	blocks := readGuide(t)
	r := newGuideRun(t)
	ran := map[string]int{}
	for i, block := range blocks {
		var shown *guideBlock
		if i+1 < len(blocks) && slices.Contains([]string{"json", "text"}, blocks[i+1].language) {
			shown = &blocks[i+1]
		}
		switch {
		case block.language == "json" || block.language == "text":
			continue
		case block.name == "":
			t.Errorf("a block of %s has no name", block.language)
		case block.name == "once": // what the reader has of its own
			continue
		default:
			r.run(block, shown)
		}
		ran[block.language]++
	}
	if ran["sh"] < 10 || ran["js"] < 4 || ran["go"] < 2 {
		t.Errorf("the guide has %v snippets", ran)
	}
	if len(r.followers) != 2 {
		t.Errorf("%d snippets follow an account, not 2", len(r.followers))
	}
	r.bank.Settle()
	if answer := r.bank.Do(`{ trialBalance { balanced } }`, nil); !strings.Contains(string(answer.Data), "true") {
		t.Errorf("%s %+v", answer.Data, answer.Errors)
	}
}

func newGuideRun(t *testing.T) *guideRun {
	bank := banktest.Start(t)
	r := &guideRun{t: t, bank: bank, way: newBadProxy(t, bank.URL), folder: t.TempDir()}
	var err error
	if r.root, err = filepath.Abs("../.."); err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Abs(guideParts)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(parts, filepath.Join(r.folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	r.variables = append(os.Environ(), "URL="+r.way.URL, "TOKEN="+bank.Token, "TOKEN_COMMAND="+r.issue("issuer"))
	ctx, cancel := context.WithCancel(context.Background())
	r.shell = exec.CommandContext(ctx, "sh", "-eu")
	r.shell.Env, r.shell.Dir = r.variables, r.folder
	in, err1 := r.shell.StdinPipe()
	out, err2 := r.shell.StdoutPipe()
	r.shell.Stderr = os.Stderr
	if err1 != nil || err2 != nil || r.shell.Start() != nil {
		t.Fatal("no shell:", err1, err2)
	}
	t.Cleanup(func() { cancel(); _ = r.shell.Wait() })
	r.say, r.hear = in, bufio.NewReader(out)
	return r
}

// issue makes a command that prints a token which has ended, and a good one each
// time after that.
func (r *guideRun) issue(name string) string {
	r.t.Helper()
	ended, err := r.bank.People.Token(banktest.Teller, identity.Teller, time.Now().Add(-2*time.Hour), time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	first, later := filepath.Join(r.folder, name+".first"), filepath.Join(r.folder, name+".later")
	r.write(first, ended)
	r.write(later, r.bank.Token)
	return fmt.Sprintf("sh -c 'if test -f %[1]s; then cat %[1]s; rm %[1]s; else cat %[2]s; fi'", first, later)
}

func (r *guideRun) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a block and compares what it prints with what the guide shows.
func (r *guideRun) run(block guideBlock, shown *guideBlock) {
	r.t.Helper()
	if block.language != "sh" {
		r.write(filepath.Join(r.folder, block.name), block.text)
	}
	var printed string
	switch {
	case block.language == "sh":
		printed = r.sh(block)
	case shown == nil: // a module that others import
		return
	case strings.HasPrefix(block.name, "follow."):
		r.follow(block, *shown)
		return
	default:
		r.way.loseAnswers(1)
		if printed = r.program(block); r.way.lost() == 0 {
			r.t.Errorf("%s: no answer was lost", block.name)
		}
	}
	if shown != nil {
		r.compare(block, *shown, printed)
	}
}

// sh runs a block in the shell that all of them share.
func (r *guideRun) sh(block guideBlock) string {
	r.t.Helper()
	const end = "--- end of block"
	if _, err := fmt.Fprintf(r.say, "%s\necho; echo '%s' ${ACCOUNT:-}\n", block.text, end); err != nil {
		r.t.Fatalf("%s: %v", block.name, err)
	}
	var printed strings.Builder
	for {
		line, err := r.hear.ReadString('\n')
		if err != nil {
			r.t.Fatalf("the shell ended in %s: %s", block.name, printed.String())
		}
		if account, is := strings.CutPrefix(line, end); is {
			r.account = strings.TrimSpace(account)
			return strings.TrimSuffix(printed.String(), "\n")
		}
		printed.WriteString(line)
	}
}

// command is how a snippet is run. One in Go is built before, once.
func (r *guideRun) command(ctx context.Context, block guideBlock, folder string) *exec.Cmd {
	r.t.Helper()
	file := filepath.Join(r.folder, block.name)
	command := exec.CommandContext(ctx, "node", file)
	if block.language == "go" {
		built := file + ".exe"
		if _, err := os.Stat(built); err != nil {
			build := exec.CommandContext(ctx, "go", "build", "-o", built, file)
			build.Dir = r.root // for the versions in its go.mod
			if output, err := build.CombinedOutput(); err != nil {
				r.t.Fatalf("%s: %v: %s", block.name, err, output)
			}
		}
		command = exec.CommandContext(ctx, built)
	}
	command.Dir, command.Env = folder, append(slices.Clone(r.variables), "ACCOUNT="+r.account)
	return command
}

// program runs a snippet to its end, with a token that was forged, so that it
// has to get another one.
func (r *guideRun) program(block guideBlock) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), guidePatience)
	defer cancel()
	command := r.command(ctx, block, r.folder)
	command.Env = append(command.Env, "TOKEN=forged", "TOKEN_COMMAND=echo "+r.bank.Token)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	printed, err := command.Output()
	if err != nil {
		r.t.Fatalf("%s: %v: %s", block.name, err, complaints.String())
	}
	return string(printed)
}

// compare holds what was printed to what the guide shows, where … stands for
// anything.
func (r *guideRun) compare(block, shown guideBlock, printed string) {
	r.t.Helper()
	if shown.name != "" && shown.name != block.name {
		r.t.Errorf("%s is followed by what %s shows", block.name, shown.name)
	}
	same := fits(strings.TrimSpace(shown.text), strings.TrimSpace(printed))
	if shown.language == "json" {
		want, got := decodeAll(r.t, shown.text), decodeAll(r.t, printed)
		same = fitsValue(want, got)
	}
	if !same {
		r.t.Errorf("%s prints\n%s\nthe guide shows\n%s", block.name, printed, shown.text)
	}
}

func decodeAll(t *testing.T, text string) (values []any) {
	t.Helper()
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var value any
		if err := decoder.Decode(&value); err == io.EOF {
			return values
		} else if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		values = append(values, value)
	}
}

func fits(pattern, text string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), "…", ".*")
	return regexp.MustCompile("^" + expression + "$").MatchString(text)
}

func fitsValue(want, got any) bool {
	switch want := want.(type) {
	case string:
		text, is := got.(string)
		return want == "…" || is && fits(want, text)
	case []any:
		list, is := got.([]any)
		if len(want) == 1 && want[0] == "…" {
			return is
		}
		return is && slices.EqualFunc(want, list, fitsValue)
	case map[string]any:
		object, is := got.(map[string]any)
		if !is || len(object) != len(want) {
			return false
		}
		for key, value := range want {
			if other, has := object[key]; !has || !fitsValue(value, other) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}

// TestTheGuideKnowsEveryCode of a top-level error.
func TestTheGuideKnowsEveryCode(t *testing.T) {
	guide, err := os.ReadFile(guidePage)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("../../server/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../graph/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range append(sources, more...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range regexp.MustCompile(`\b[Cc]ode[A-Z]\w*\s*=\s*"([A-Z_]+)"`).FindAllStringSubmatch(string(text),
			-1) {
			if found++; !strings.Contains(string(guide), "`"+code[1]+"`") {
				t.Errorf("%s may answer %s; the guide does not say what to do", name, code[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d codes were found", found)
	}
}

// TestTheGuideIsComparedStrictly: an answer that differs does not pass.
func TestTheGuideIsComparedStrictly(t *testing.T) {
	want := decodeAll(t, `{"a": ["x…", 1], "b": "…"}`)
	for text, same := range map[string]bool{
		`{"a": ["xyz", 1], "b": [2]}`: true, `{"a": ["yz", 1], "b": 1}`: false, `{"a": ["x", 2], "b": 1}`: false,
		`{"a": ["x", 1]}`: false, `{"a": ["x", 1], "b": 1, "c": 1}`: false, `{"a": ["x", 1], "b": 1} {}`: false,
	} {
		if fitsValue(want, decodeAll(t, text)) != same {
			t.Errorf("%s is taken: %v", text, !same)
		}
	}
	if fits("a…c", "abd") || !fits("a…c", "abc") || fits("a", "ab") {
		t.Error("texts are not compared")
	}
}
