package sidecars_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"corebank/localbank/sidecars"
)

// The test binary plays programs too: which one, its file name says.
const versionVariable = "SIDECARS_TEST_VERSION"

func TestMain(m *testing.M) {
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case "daprd", "placement", "sentry":
		fmt.Println(os.Getenv(versionVariable))
	case "go": // one that is slow, until it is interrupted
		interrupts := make(chan os.Signal, 1)
		signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
		fmt.Fprintln(os.Stderr, "go: downloading example.com/slow v1.0.0")
		<-interrupts
		if err := os.WriteFile(os.Getenv("SIDECARS_TEST_FAREWELL"), []byte("bye"), 0o600); err != nil {
			os.Exit(1)
		}
		os.Exit(1)
	default:
		// Under the race detector a program ends a second late unless it is configured not to.
		if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	}
}

// install puts programs that are this test binary into a directory.
func install(t *testing.T, dir string, names ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if runtime.GOOS == "windows" {
			name += ".exe"
		}
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Skipf("no symbolic link: %v", err)
		}
	}
	return dir
}

// clone makes a repository with a source that takes a moment to build instead
// of minutes: a Dapr of one file.
func clone(t *testing.T, program string) string {
	t.Helper()
	root := t.TempDir()
	source := filepath.Join(root, "components", "daprd")
	for path, text := range map[string]string{
		filepath.Join(source, "go.mod"): "module corebank/components/daprd\n\ngo 1.26\n\n" +
			"require github.com/dapr/dapr v1.18.2\n\nreplace github.com/dapr/dapr => ./dapr\n",
		filepath.Join(source, "main.go"):         program,
		filepath.Join(source, "dapr", "go.mod"):  "module github.com/dapr/dapr\n\ngo 1.26\n",
		filepath.Join(source, "dapr", "dapr.go"): "package dapr\n\nconst Version = \"1.18.2\"\n",
	} {
		write(t, path, text)
	}
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

const goodProgram = `package main

import (
	"os"

	"github.com/dapr/dapr"
)

func main() { os.Stdout.WriteString(dapr.Version + "\n") }
`

// reports collects what a build reports.
type reports struct {
	mu  sync.Mutex
	all []sidecars.Progress
}

func (r *reports) add(p sidecars.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

func (r *reports) steps() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var steps []string
	for _, p := range r.all {
		steps = append(steps, p.Step)
	}
	return slices.Compact(steps)
}

// TestWithoutAHome: the cache is needed for building only. The working directory
// is no place for installed programs, even where PATH has it.
func TestWithoutAHome(t *testing.T) {
	t.Setenv(versionVariable, "1.18.7")
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("COREBANK_DAPRD_DIR", "")
	t.Chdir(t.TempDir())
	here := install(t, ".", "daprd", "placement", "sentry")
	t.Setenv("PATH", ":"+string(filepath.ListSeparator)+".")
	finder := sidecars.DefaultFinder(nil)
	finder.Near = nil
	if found, err := finder.Find(t.Context()); err == nil || !strings.Contains(err.Error(), "XDG_CACHE_HOME") {
		t.Errorf("nothing is installed and nothing can be built: %+v, %v", found, err)
	}
	absolute, err := filepath.Abs(here)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", absolute)
	if found, err := sidecars.DefaultFinder(nil).Find(t.Context()); err != nil || found.Version != "1.18.7" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestANamedDirectoryIsTheOnlyOne(t *testing.T) {
	t.Setenv(versionVariable, "1.18.7")
	dir := install(t, t.TempDir(), "daprd", "placement", "sentry")
	found, err := sidecars.Finder{Dir: dir}.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(found.Daprd) != dir || filepath.Dir(found.Placement) != dir || found.Version != "1.18.7" {
		t.Errorf("found %+v", found)
	}

	for name, test := range map[string]struct {
		dir, version, says string
	}{
		"without placement":        {install(t, t.TempDir(), "daprd"), "1.18.2", "placement"},
		"without sentry":           {install(t, t.TempDir(), "daprd", "placement"), "1.18.2", "sentry"},
		"of another minor version": {dir, "1.17.3", "is Dapr 1.17.3, but corebank needs 1.18"},
		"a longer minor version":   {dir, "1.180.0", "corebank needs 1.18"},
		"that is not there":        {filepath.Join(dir, "missing"), "1.18.2", "no program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(versionVariable, test.version)
			other := install(t, t.TempDir(), "daprd", "placement", "sentry")
			_, err := sidecars.Finder{Dir: test.dir, Installed: []string{other}}.Find(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "unset it") {
				t.Fatalf("got %v, want an error that says %q and what to do", err, test.says)
			}
		})
	}
}

func TestInstalledProgramsAreUsedIfTheyFit(t *testing.T) {
	only, both := install(t, t.TempDir(), "daprd"), install(t, t.TempDir(), "daprd", "placement", "sentry")
	finder := sidecars.Finder{Installed: []string{"", filepath.Join(both, "missing"), only, both}, Cache: t.TempDir()}
	t.Setenv(versionVariable, "1.18.0")
	found, err := finder.Find(t.Context())
	if err != nil || filepath.Dir(found.Daprd) != both {
		t.Fatalf("found %+v, %v; want what is in %s", found, err, both)
	}
	t.Setenv(versionVariable, "1.19.0")
	if _, err := finder.Find(t.Context()); err == nil || !strings.Contains(err.Error(), "COREBANK_DAPRD_DIR") {
		t.Fatalf("with another version, no source and an empty cache: %v; want what to do", err)
	}
}

func TestTheSourceIsBuiltOnce(t *testing.T) {
	root := clone(t, goodProgram)
	cache := filepath.Join(t.TempDir(), "cache")
	find := func() (sidecars.Programs, []string) {
		t.Helper()
		var r reports
		// As from a directory deep in the clone.
		finder := sidecars.Finder{Near: []string{t.TempDir(), filepath.Join(root, "cmd", "corebank")}, Cache: cache,
			Report: r.add}
		found, err := finder.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found, r.steps()
	}
	first, steps := find()
	if first.Version != "1.18.2" || !strings.HasPrefix(filepath.Base(filepath.Dir(first.Daprd)), "daprd-1.18.2-") {
		t.Errorf("built %+v", first)
	}
	if !slices.Contains(steps, "compiling") {
		t.Errorf("reported %q, want that it compiles", steps)
	}
	if again, steps := find(); again != first || len(steps) > 0 {
		t.Errorf("the second time it found %+v and reported %q", again, steps)
	}

	// Without the source, what was built before is used.
	elsewhere, err := sidecars.Finder{Near: []string{t.TempDir()}, Cache: cache}.Find(t.Context())
	if err != nil || elsewhere != first {
		t.Errorf("without the source: %+v, %v", elsewhere, err)
	}

	for name, text := range map[string]string{"more.go": "package main\n", "redial/more.go": "package redial\n"} {
		added := filepath.Join(root, "components", "daprd", filepath.FromSlash(name))
		write(t, added, text)
		if changed, _ := find(); changed.Daprd == first.Daprd {
			t.Errorf("the source has %s now, and the old build is used", name)
		}
		if err := os.Remove(added); err != nil {
			t.Fatal(err)
		}
	}

	// A build that was cut off is not taken for one.
	if err := os.Remove(first.Placement); err != nil {
		t.Fatal(err)
	}
	if repaired, _ := find(); repaired != first {
		t.Errorf("repaired into %+v", repaired)
	}
}

func TestTwoAtOnceBuildOnce(t *testing.T) {
	root, cache := clone(t, goodProgram), t.TempDir()
	var all [2]reports
	var found [2]sidecars.Programs
	var failed [2]error
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			found[i], failed[i] = sidecars.Finder{Near: []string{root}, Cache: cache, Report: all[i].add}.Find(t.Context())
		})
	}
	both.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		t.Fatal(err)
	}
	if found[0] != found[1] {
		t.Errorf("found %+v and %+v", found[0], found[1])
	}
	compiled := 0
	for i := range all {
		if slices.Contains(all[i].steps(), "compiling") {
			compiled++
		}
	}
	if compiled != 1 {
		t.Errorf("%d of two compiled", compiled)
	}
}

func TestABuildThatFailsSaysWhy(t *testing.T) {
	for name, test := range map[string]struct{ program, says string }{
		"it does not compile": {"package main\n\nfunc main() { missing() }\n", "undefined: missing"},
		"it is another version": {strings.Replace(goodProgram, "dapr.Version", `dapr.Version[:0] + "1.2.3"`, 1),
			"is Dapr 1.2.3"},
		"it needs what is absent": {"package main\n\nimport _ \"corebank/nowhere\"\n\nfunc main() {}\n", "corebank/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			root, cache := clone(t, test.program), t.TempDir()
			var r reports
			_, err := sidecars.Finder{Near: []string{root}, Cache: cache, Report: r.add}.Find(t.Context())
			var failed *sidecars.BuildError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want a BuildError that says %q", err, test.says)
			}
			onlyLocks(t, cache)
		})
	}
}

func TestABuildWithoutAGoTool(t *testing.T) {
	root, cache := clone(t, goodProgram), t.TempDir()
	t.Setenv("PATH", t.TempDir())
	_, err := sidecars.Finder{Near: []string{root}, Cache: cache, Report: func(sidecars.Progress) {}}.Find(t.Context())
	if err == nil || !strings.Contains(err.Error(), "install Go") {
		t.Fatalf("got %v, want what to install", err)
	}
	onlyLocks(t, cache)
}

func TestABuildCanBeStopped(t *testing.T) {
	root, cache := clone(t, goodProgram), t.TempDir()
	farewell := filepath.Join(t.TempDir(), "farewell")
	t.Setenv("PATH", install(t, t.TempDir(), "go"))
	t.Setenv("SIDECARS_TEST_FAREWELL", farewell)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := sidecars.Finder{Near: []string{root}, Cache: cache, Report: func(p sidecars.Progress) {
		if p.Step == sidecars.Downloading && p.Done == 1 {
			cancel() // it is at work now
		}
	}}.Find(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that it was stopped", err)
	}
	if _, err := os.Stat(farewell); err != nil {
		t.Errorf("the go tool was not interrupted: %v", err)
	}
	onlyLocks(t, cache)
}

// onlyLocks checks that nothing half done is left in the cache.
func onlyLocks(t *testing.T, cache string) {
	t.Helper()
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".lock") {
			t.Errorf("%s is left behind", entry.Name())
		}
	}
}

// TestTheVersionIsTheOneThatIsBuilt.
func TestTheVersionIsTheOneThatIsBuilt(t *testing.T) {
	text, err := os.ReadFile("../../components/daprd/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if line := "\tgithub.com/dapr/dapr v" + sidecars.Version + "\n"; !strings.Contains(string(text), line) {
		t.Errorf("components/daprd/go.mod does not have %q", line)
	}
}

// TestASidecarBesideThisProgramIsFoundFirst: as in an archive of a release. It is all
// three programs. Another program of that name is none.
func TestASidecarBesideThisProgramIsFoundFirst(t *testing.T) {
	root := clone(t, goodProgram)
	built, err := sidecars.Finder{Near: []string{root}, Cache: t.TempDir(), Report: func(sidecars.Progress) {}}.
		Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(versionVariable, "1.18.7")
	installed := install(t, t.TempDir(), "daprd", "placement", "sentry")
	beside := t.TempDir()
	program, err := os.ReadFile(built.Daprd)
	if err == nil {
		err = os.WriteFile(filepath.Join(beside, filepath.Base(built.Daprd)), program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	found, err := sidecars.Finder{Beside: beside, Installed: []string{installed}}.Find(t.Context())
	if err != nil || filepath.Dir(found.Daprd) != beside || found.Placement != found.Daprd ||
		found.Sentry != found.Daprd || found.Version != "1.18.2" {
		t.Errorf("found %+v, %v", found, err)
	}
	found, err = sidecars.Finder{Beside: installed, Installed: []string{installed}}.Find(t.Context())
	if err != nil || found.Placement == found.Daprd || found.Version != "1.18.7" {
		t.Errorf("beside is an installed one: %+v, %v", found, err)
	}
}
