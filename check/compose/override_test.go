//go:build linux

package compose

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// TestMain removes the stand-ins again, which all tests use.
func TestMain(m *testing.M) {
	code := m.Run()
	if tags, err := standInTags(); err == nil && os.Getenv(imagesVariable) == standIns {
		for tag := range maps.Values(tags) {
			_, _ = docker(context.Background(), "image", "rm", "--force", tag)
		}
	}
	os.Exit(code)
}

// standInTags imports the stand-ins once, and has their tags by their names.
var standInTags = sync.OnceValues(func() (map[string]string, error) {
	if os.Getenv(imagesVariable) != standIns {
		return nil, nil
	}
	bin, err := os.MkdirTemp("", "corebank-images-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bin)
	ctx := context.Background()
	images, err := standInImages(ctx, bin)
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string)
	for name, i := range images {
		tags[name] = "corebank-check-" + name + ":" + time.Now().Format("150405")
		if err := importImage(ctx, tags[name], i); err != nil {
			return nil, err
		}
	}
	return tags, nil
})

// standInTag is an image that stands in for one of that name.
func standInTag(t *testing.T, name string) string {
	t.Helper()
	tags, err := standInTags()
	if err != nil {
		t.Fatal(err)
	}
	return tags[name]
}

// override is a file for compose that has the services of other files run the stand-ins.
func override(t *testing.T, files ...string) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("services:\n")
	images := imagesOf(t, files...)
	for _, service := range slices.Sorted(maps.Keys(images)) {
		name, _, _ := strings.Cut(path.Base(images[service]), ":")
		tag := standInTag(t, strings.TrimPrefix(name, "corebank-"))
		if tag == "" {
			t.Fatalf("nothing stands in for %s, the image of %s", images[service], service)
		}
		fmt.Fprintf(&text, "  %s: {image: %q, pull_policy: never, build: !reset null}\n", service, tag)
	}
	file := filepath.Join(t.TempDir(), "images.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// imagesOf are the images of the services in files for compose.
func imagesOf(t *testing.T, files ...string) map[string]string {
	t.Helper()
	images := make(map[string]string)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Services map[string]struct{ Image string }
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for service, s := range file.Services {
			if s.Image != "" {
				images[service] = s.Image
			}
		}
	}
	return images
}
