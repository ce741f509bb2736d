//go:build linux

package compose

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"corebank/localbank/sidecars"
)

const root = "../.."

// image is a stand-in: an image from nothing, with what it needs from programs and
// folders. A file in it is a program's path here, a folder has the user that owns it.
type image struct {
	programs map[string]string // path in the image → path here
	links    map[string]string // path in the image → what it links to
	folders  map[string]int
	changes  []string
}

// The users of the official images.
const (
	nonroot = 65532
	immu    = 3322
)

// standInImages builds what the images hold. busybox and bash are static programs of
// the system.
func standInImages(ctx context.Context, bin string) (map[string]image, error) {
	dapr, err := sidecars.DefaultFinder(func(p sidecars.Progress) { log.Print(p.Step) }).Find(ctx)
	if err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(1) // the go tool uses all processors by itself
	build := func(folder, program, from string) string {
		path := filepath.Join(bin, program)
		group.Go(func() error { return goBuild(ctx, filepath.Join(root, folder), path, from) })
		return path
	}
	const modules = "check/compose/standin"
	corebank := build(".", "corebank", "./cmd/corebank")
	immudb := build(modules, "immudb", "github.com/codenotary/immudb/cmd/immudb")
	immuadmin := build(modules, "immuadmin", "github.com/codenotary/immudb/cmd/immuadmin")
	nats := build(modules, "nats-server", "github.com/nats-io/nats-server/v2")
	mongo := build(modules, "mongo", "./mongo")
	if err := group.Wait(); err != nil {
		return nil, err
	}
	busybox, noBusybox := system("busybox", "busybox-static")
	bash, noBash := system("bash-static", "bash-static")
	err = errors.Join(noBusybox, noBash)
	for _, program := range []string{corebank, dapr.Daprd, immudb, immuadmin, nats} {
		err = errors.Join(err, checkFollowsQuota(program))
	}
	asNonroot := []string{"USER 65532", "WORKDIR /"}
	return map[string]image{
		"corebank": {programs: map[string]string{"corebank": corebank},
			folders: map[string]int{"home/nonroot": nonroot, "tmp": nonroot},
			changes: []string{"USER 65532", "WORKDIR /home/nonroot", `ENTRYPOINT ["/corebank"]`}},
		"daprd": {programs: map[string]string{"daprd": dapr.Daprd}, folders: map[string]int{"home/nonroot": nonroot},
			changes: asNonroot},
		"placement": {programs: map[string]string{"placement": dapr.Placement}, changes: asNonroot},
		"sentry":    {programs: map[string]string{"sentry": dapr.Sentry}, changes: asNonroot},
		"immudb": {programs: map[string]string{"usr/sbin/immudb": immudb, "usr/local/bin/immuadmin": immuadmin},
			folders: map[string]int{"var/lib/immudb": immu, "home/immu": immu},
			changes: []string{"USER 3322", "WORKDIR /usr/sbin", "ENV HOME=/home/immu", "ENV USER=immu",
				"ENV IMMUDB_DIR=/var/lib/immudb", "ENV IMMUDB_ADDRESS=0.0.0.0", `ENTRYPOINT ["/usr/sbin/immudb"]`}},
		"nats": {programs: map[string]string{"usr/bin/nats-server": nats, "bin/busybox": busybox},
			links:   map[string]string{"usr/bin/wget": "/bin/busybox", "bin/sleep": "/bin/busybox"},
			folders: map[string]int{"data": 0}, changes: []string{`ENTRYPOINT ["/usr/bin/nats-server"]`}},
		"mongo": {programs: map[string]string{"usr/bin/mongod": mongo, "bin/busybox": busybox, "bin/bash": bash},
			links: map[string]string{"bin/sh": "/bin/busybox", "bin/chown": "/bin/busybox", "usr/bin/mongosh": "mongod",
				"usr/bin/docker-entrypoint.sh": "mongod"},
			folders: map[string]int{"data/db": 999, "data/configdb": 999, "root": 0},
			changes: []string{"VOLUME /data/configdb"}},
	}, err
}

func goBuild(ctx context.Context, folder, out, from string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", out, from)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	_, err := run(command)
	return err
}

// checkFollowsQuota: GOMAXPROCS is what the container may use, and not what the host
// has. Go does that by itself, unless the module that was built is from before Go 1.25.
func checkFollowsQuota(program string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	for _, setting := range info.Settings {
		if setting.Key == "DefaultGODEBUG" && strings.Contains(setting.Value, "containermaxprocs=0") {
			return fmt.Errorf("%s (%s) does not follow its container's quota: %s", program, info.GoVersion, setting.Value)
		}
	}
	return nil
}

// system is the path of a static program of the system.
func system(program, debian string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("the images have a static %s in them: %w; install Debian's package %s", program, err, debian)
	}
	file, err := elf.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return "", fmt.Errorf("%s is not static, and the images have nothing else in them; install Debian's package %s",
			path, debian)
	}
	return path, nil
}

// importImage makes an image of nothing but what it is given.
func importImage(ctx context.Context, name string, i image) error {
	arguments := []string{"import"}
	for _, change := range i.changes {
		arguments = append(arguments, "--change", change)
	}
	command := exec.CommandContext(ctx, "docker", append(arguments, "-", name)...)
	layer, err := i.layer()
	if err != nil {
		return err
	}
	command.Stdin = layer
	_, err = run(command)
	return err
}

func (i image) layer() (io.Reader, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	files := map[string][]byte{"etc/passwd": []byte("root:x:0:0::/root:\nmongodb:x:999:999::/data/db:\n" +
		"immu:x:3322:3322::/home/immu:\nnonroot:x:65532:65532::/home/nonroot:\n"),
		"etc/group": []byte("root:x:0:\nmongodb:x:999:\nimmu:x:3322:\nnonroot:x:65532:\n")}
	for path, here := range i.programs {
		content, err := os.ReadFile(here)
		if err != nil {
			return nil, err
		}
		files[path] = content
	}
	for path, content := range files {
		header := tar.Header{Name: path, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	for path, to := range i.links {
		if err := w.WriteHeader(&tar.Header{Name: path, Typeflag: tar.TypeSymlink, Linkname: to}); err != nil {
			return nil, err
		}
	}
	for path, owner := range i.folders {
		header := tar.Header{Name: path + "/", Typeflag: tar.TypeDir, Mode: 0o755, Uid: owner, Gid: owner}
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
	}
	return &out, w.Close()
}
