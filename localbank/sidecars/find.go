package sidecars

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Minor is the minor version of Dapr that corebank is made for, and Version the one
// that components/daprd builds.
const (
	Minor   = "1.18"
	Version = Minor + ".2"
)

// versionTimeout bounds reading the version of a program.
const versionTimeout = 10 * time.Second

// Programs are the programs that were found.
type Programs struct {
	// Daprd, Placement and Sentry are absolute paths. They may be one:
	// a program that its name makes one of them.
	Daprd     string
	Placement string
	Sentry    string
	// Version is Dapr's, for instance "1.18.2".
	Version string
}

// Finder says where to look. The order of the fields is the order of looking.
type Finder struct {
	// Dir, if not empty, is the only place to look.
	Dir string
	// Beside is the directory of this program, where an archive of a release has
	// the sidecar.
	Beside string
	// Installed are directories that may hold all programs.
	Installed []string
	// Near are directories that may be in a clone of corebank: the source is
	// looked for in them and in the directories above.
	Near []string
	// Cache is the directory of built programs; empty if there is none, and then
	// NoCache says why.
	Cache   string
	NoCache error
	// Report takes the progress of a build.
	Report func(Progress)
}

// DefaultFinder looks in COREBANK_DAPRD_DIR, beside this program, in PATH and
// ~/.dapr/bin, from the working directory and the directory of this program upwards,
// and in the user's cache directory.
func DefaultFinder(report func(Progress)) Finder {
	f := Finder{Dir: os.Getenv("COREBANK_DAPRD_DIR"), Report: report}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(dir) { // what lies in the working directory is not installed
			f.Installed = append(f.Installed, dir)
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		f.Installed = append(f.Installed, filepath.Join(home, ".dapr", "bin"))
	}
	if dir, err := os.Getwd(); err == nil {
		f.Near = append(f.Near, dir)
	}
	if program, err := os.Executable(); err == nil {
		f.Beside = filepath.Dir(program)
		f.Near = append(f.Near, f.Beside)
	}
	if cache, err := os.UserCacheDir(); err != nil {
		f.NoCache = fmt.Errorf("find a directory for building Dapr's sidecar: %w; set XDG_CACHE_HOME", err)
	} else {
		f.Cache = filepath.Join(cache, "corebank")
	}
	return f
}

// Find finds the programs, or builds them if it must.
func (f Finder) Find(ctx context.Context) (Programs, error) {
	if f.Dir != "" {
		found, err := inspect(ctx, f.Dir)
		if err != nil {
			return Programs{}, fmt.Errorf("COREBANK_DAPRD_DIR=%s: %w; unset it to let corebank find or build Dapr %s",
				f.Dir, err, Minor)
		}
		return found, nil
	}
	if found, err := released(f.Beside); err == nil {
		return found, nil
	}
	for _, dir := range f.Installed {
		if found, err := inspect(ctx, dir); err == nil {
			return found, nil
		}
	}
	source, found := findSource(f.Near)
	if f.NoCache != nil {
		return Programs{}, f.NoCache
	}
	if !found {
		return f.anyBuilt(ctx)
	}
	return f.built(ctx, source)
}

// anyBuilt is the newest build in the cache. Without the source, no build can be
// known to be the right one.
func (f Finder) anyBuilt(ctx context.Context) (Programs, error) {
	builds, err := fs.Glob(os.DirFS(f.Cache), "daprd-"+Minor+".*-*")
	if err != nil {
		return Programs{}, err
	}
	var newest Programs
	var newestAt time.Time
	for _, build := range builds {
		dir := filepath.Join(f.Cache, build)
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() || !info.ModTime().After(newestAt) {
			continue
		}
		if found, err := inspect(ctx, dir); err == nil {
			newest, newestAt = found, info.ModTime()
		}
	}
	if newestAt.IsZero() {
		return Programs{}, errNotFound
	}
	return newest, nil
}

var errNotFound = errors.New("Dapr " + Minor + " is not installed, and its source was not found; " +
	"run corebank inside a clone of its repository with Go installed, " +
	"or install daprd, placement and sentry " + Minor + " and set COREBANK_DAPRD_DIR to their directory")

// released is the sidecar of components/daprd in a directory, which is placement and
// sentry as well. What it was built of is in the file, so it need not be run.
func released(dir string) (Programs, error) {
	if dir == "" {
		return Programs{}, errNotFound
	}
	path := filepath.Join(dir, executable("daprd"))
	build, err := buildinfo.ReadFile(path)
	if err != nil {
		return Programs{}, err
	}
	for _, module := range build.Deps {
		version := strings.TrimPrefix(module.Version, "v")
		if build.Main.Path == modulePath && module.Path == "github.com/dapr/dapr" && strings.HasPrefix(version, Minor+".") {
			return Programs{Daprd: path, Placement: path, Sentry: path, Version: version}, nil
		}
	}
	return Programs{}, fmt.Errorf("%s is no sidecar of corebank with Dapr %s", path, Minor)
}

// inspect checks that a directory has all programs, and daprd in the right minor
// version.
func inspect(ctx context.Context, dir string) (Programs, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Programs{}, err
	}
	found := Programs{Daprd: filepath.Join(dir, executable("daprd")),
		Placement: filepath.Join(dir, executable("placement")),
		Sentry:    filepath.Join(dir, executable("sentry"))}
	for _, path := range []string{found.Daprd, found.Placement, found.Sentry} {
		if _, err := exec.LookPath(path); err != nil {
			return Programs{}, fmt.Errorf("there is no program %s", path)
		}
	}
	found.Version, err = version(ctx, found.Daprd)
	if err != nil {
		return Programs{}, err
	}
	if !strings.HasPrefix(found.Version, Minor+".") {
		return Programs{}, fmt.Errorf("%s is Dapr %s, but corebank needs %s", found.Daprd, found.Version, Minor)
	}
	return found, nil
}

func version(ctx context.Context, daprd string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	text, err := exec.CommandContext(ctx, daprd, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", daprd, err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(text)), "v"), nil
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
