package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestTheChartUsesWhatThereIs: each container of ours on Kubernetes is started with a
// command and flags that this program has.
func TestTheChartUsesWhatThereIs(t *testing.T) {
	folder := os.DirFS("../../check/chart/testdata")
	files, err := fs.Glob(folder, "*.golden.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%q, %v", files, err)
	}
	containers := 0
	for _, name := range files {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var object any
			if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			for _, arguments := range argumentsOfOurs(object) {
				containers++
				c, rest, err := newRoot(io.Discard).Find(arguments)
				if err == nil {
					err = c.ParseFlags(rest)
				}
				if err != nil || c.Name() != arguments[0] {
					t.Errorf("%s: corebank %s: %v", name, strings.Join(arguments, " "), err)
				}
			}
		}
	}
	if containers < 15 {
		t.Errorf("only %d containers were looked at", containers)
	}
}

// argumentsOfOurs are the arguments of the containers in an object that run this
// program's image.
func argumentsOfOurs(object any) (all [][]string) {
	switch o := object.(type) {
	case []any:
		for _, one := range o {
			all = append(all, argumentsOfOurs(one)...)
		}
	case map[string]any:
		image, _ := o["image"].(string)
		if given, is := o["args"].([]any); is && strings.Contains(image, "/corebank:") {
			var arguments []string
			for _, one := range given {
				text, _ := one.(string)
				arguments = append(arguments, text)
			}
			return [][]string{arguments}
		}
		for _, one := range o {
			all = append(all, argumentsOfOurs(one)...)
		}
	}
	return all
}
