package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	modules "golang.org/x/mod/module"
)

// licence is under what a module may be used: an SPDX expression, and the texts that
// say so.
type licence struct {
	id    string
	texts [][]byte
}

// silent are modules whose authors state no licence anywhere. Dapr links them all the
// same; THIRD_PARTY.md says so.
var silent = map[string]bool{"github.com/aavaz-ai/pii-scrubber": true}

// legal are the names of the files with the terms of a module.
var legal = regexp.MustCompile(`(?i)^(un)?licen[cs]e([.-].*)?$|^copying(\..*)?$|^notice(\..*)?$|^patents$`)

// readLicences reads the licences of the modules of programs from the cache of
// modules, where building the programs has put them.
func readLicences(ctx context.Context, root string, programs []program) (map[module]licence, error) {
	paths, err := goPaths(ctx, root)
	if err != nil {
		return nil, err
	}
	known := make(map[module]licence)
	for _, p := range programs {
		for _, m := range p.modules() {
			escaped, err := modules.EscapePath(m.path)
			if err != nil {
				return nil, err
			}
			folder := filepath.Join(paths.cache, filepath.FromSlash(escaped)+"@"+m.version)
			if known[m], err = readLicence(folder); err != nil && !silent[m.path] {
				return nil, fmt.Errorf("the licence of %s %s: %w", m.path, m.version, err)
			}
		}
		std, err := readLicence(paths.root)
		if err != nil {
			return nil, fmt.Errorf("the licence of Go: %w", err)
		}
		known[p.std()] = std
	}
	return known, nil
}

// goPaths are where Go keeps its modules and itself.
func goPaths(ctx context.Context, root string) (paths struct{ cache, root string }, err error) {
	command := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOROOT")
	command.Dir = root
	text, err := command.Output()
	if err != nil {
		return paths, fmt.Errorf("go env: %w", err)
	}
	paths.cache, paths.root, _ = strings.Cut(strings.TrimSpace(string(text)), "\n")
	paths.root = strings.TrimSpace(paths.root)
	paths.cache = strings.TrimSpace(paths.cache)
	return paths, nil
}

// readLicence reads the files with the terms of the module in a folder.
func readLicence(folder string) (l licence, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return l, err
	}
	var ids []string
	for _, entry := range entries {
		if entry.IsDir() || !legal.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return l, err
		}
		l.texts = append(l.texts, bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
		ids = append(ids, idsOf(string(text))...)
	}
	slices.Sort(ids)
	if l.id = strings.Join(slices.Compact(ids), " AND "); l.id == "" {
		return l, fmt.Errorf("no file in %s has terms that are known here", folder)
	}
	return l, nil
}

// terms are sentences by which a licence is known.
var terms = []struct{ id, sentence string }{
	{"BUSL-1.1", "Business Source License 1.1"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License, version 2.0"},
	{"Apache-2.0", "Apache License Version 2.0, January 2004"},
	{"Apache-2.0", "Licensed under the Apache License, Version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"},
	{"ISC", "Permission to use, copy, modify, and distribute this software for any purpose with or without fee"},
	{"Unlicense", "This is free and unencumbered software released into the public domain"},
	{"CC0-1.0", "CC0 1.0 Universal"},
}

// idsOf are the licences that a text has. A notice alone has none.
func idsOf(text string) (ids []string) {
	words := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, t := range terms {
		if strings.Contains(words, strings.ToLower(t.sentence)) {
			ids = append(ids, t.id)
		}
	}
	if strings.Contains(words, "redistribution and use in source and binary forms") {
		third := strings.Contains(words, "to endorse or promote products")
		ids = append(ids, map[bool]string{true: "BSD-3-Clause", false: "BSD-2-Clause"}[third])
	}
	if slices.Contains(ids, "BUSL-1.1") {
		return []string{"BUSL-1.1"} // it names the licence that it turns into
	}
	return ids
}

// licenceTexts is one text with all licences, each once, under the names of the
// modules that it is for, and then those of the pages.
func licenceTexts(known map[module]licence, pages []byte) []byte {
	names, texts := make(map[[32]byte][]string), make(map[[32]byte][]byte)
	for m, l := range known {
		if len(l.texts) == 0 {
			l = licence{"none stated", [][]byte{[]byte("Its authors state no licence.")}}
		}
		for _, text := range l.texts {
			sum := sha256.Sum256(text)
			names[sum], texts[sum] = append(names[sum], m.path+" "+m.version+" ("+l.id+")"), text
		}
	}
	sums := make([][32]byte, 0, len(names))
	for sum := range names {
		slices.Sort(names[sum])
		sums = append(sums, sum)
	}
	slices.SortFunc(sums, func(a, b [32]byte) int {
		return cmp.Or(strings.Compare(names[a][0], names[b][0]), bytes.Compare(a[:], b[:]))
	})
	rule := strings.Repeat("=", 78)
	var all bytes.Buffer
	fmt.Fprintf(&all, "corebank and its sidecar contain the following modules, each under its own licence.\n")
	for _, sum := range sums {
		fmt.Fprintf(&all, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(names[sum], "\n"), rule, texts[sum])
	}
	fmt.Fprintf(&all, "\n%s\n%s", rule, pages)
	return all.Bytes()
}
