// Command release builds the archives of a release: corebank and its sidecar for
// each system, with licences, a bill of materials, checksums and a signature. The
// same commit always gives the same bytes. Run it from the root of the repository:
//
//	go run ./cmd/release --out dist
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// keyVariable names the file with the OpenSSH key that signs the checksums.
const keyVariable = "COREBANK_SIGNING_KEY"

// release says what to build.
type release struct {
	root    string // of the repository
	out     string
	targets []target
	// sidecar is a directory with a daprd for this machine, to take instead of
	// building one.
	sidecar string
	dirty   bool // whether changes that are not committed are allowed
}

func main() {
	r := release{root: "."}
	var targets string
	flag.StringVar(&r.out, "out", "dist", "directory for the archives; what it has of another release is an error")
	flag.StringVar(&targets, "targets", allTargets(), "systems to build for; host is that of this machine")
	flag.StringVar(&r.sidecar, "sidecar", "", "directory with a built daprd for this machine, instead of building one")
	flag.BoolVar(&r.dirty, "dirty", false, "allow changes that are not committed; the version then says so")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if r.targets, err = readTargets(targets); err == nil {
		err = r.make(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// make builds the archives of all targets, one after the other, and then signs
// their checksums.
func (r release) make(ctx context.Context) error {
	now, err := readStamp(ctx, r.root, r.dirty)
	if err != nil {
		return err
	}
	if err := emptyDirectory(r.out); err != nil {
		return err
	}
	for _, t := range r.targets {
		began := time.Now()
		name, size, err := r.makeArchive(ctx, now, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		fmt.Printf("%s  %d MB  %s\n", name, size>>20, time.Since(began).Round(time.Second))
	}
	if err := writeSums(r.out); err != nil {
		return err
	}
	return sign(ctx, r.out, os.Getenv(keyVariable))
}

// makeArchive builds what is in the archive of a target, and the archive.
func (r release) makeArchive(ctx context.Context, now stamp, t target) (name string, size int64, err error) {
	work, err := os.MkdirTemp("", "corebank-release-")
	if err != nil {
		return "", 0, err
	}
	defer os.RemoveAll(work)
	bank, sidecar := filepath.Join(work, t.executable("corebank")), filepath.Join(work, t.executable("daprd"))
	if err := buildBank(ctx, r.root, t, now, bank); err != nil {
		return "", 0, err
	}
	if err := r.buildSidecar(ctx, t, sidecar); err != nil {
		return "", 0, err
	}
	contents, err := r.contents(ctx, now, t, bank, sidecar)
	if err != nil {
		return "", 0, err
	}
	stem := now.archive(t)
	if err := os.WriteFile(filepath.Join(r.out, stem+".cdx.json"), contents.bill, 0o644); err != nil {
		return "", 0, err
	}
	name = stem + t.extension()
	size, err = writeArchive(filepath.Join(r.out, name), stem, now.date, contents.files)
	return name, size, err
}

// emptyDirectory makes a directory that has nothing in it.
func emptyDirectory(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s has %s in it already; remove it, or give another directory with --out", path, entries[0].Name())
	}
	return err
}

// target is a kind of machine.
type target struct{ os, arch string }

// targets are all kinds of machines that a release is for.
var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"}}

// host is the kind of this machine.
var host = target{runtime.GOOS, runtime.GOARCH}

func (t target) String() string { return t.os + "/" + t.arch }

func (t target) executable(name string) string {
	if t.os == "windows" {
		return name + ".exe"
	}
	return name
}

func (t target) extension() string {
	if t.os == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

func allTargets() string {
	var names []string
	for _, t := range targets {
		names = append(names, t.String())
	}
	return strings.Join(names, ",")
}

// readTargets reads a list of targets, each of which is built once.
func readTargets(text string) (read []target, err error) {
	for _, name := range strings.Split(text, ",") {
		os, arch, _ := strings.Cut(name, "/")
		one := target{os, arch}
		if name == "host" {
			one = host
		}
		if !slices.Contains(targets, one) {
			return nil, fmt.Errorf("--targets %q: want some of %s, or host", text, allTargets())
		}
		if !slices.Contains(read, one) {
			read = append(read, one)
		}
	}
	return read, nil
}
