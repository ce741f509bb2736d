package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

var someTime = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// TestEqualFilesMakeEqualArchives, whenever and by whomever they are written.
func TestEqualFilesMakeEqualArchives(t *testing.T) {
	for _, extension := range []string{".tar.gz", ".zip"} {
		var sums [][32]byte
		for i := range 2 {
			folder := t.TempDir()
			program := filepath.Join(folder, "built")
			changed := time.Now().Add(time.Duration(i) * time.Hour)
			if err := errors.Join(os.WriteFile(program, []byte("a program"), os.FileMode(0o700+i*0o55)),
				os.Chtimes(program, changed, changed)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(folder, "archive"+extension)
			if _, err := writeArchive(name, "corebank-1", someTime, []file{{name: "corebank", path: program},
				{name: "LICENSE", text: []byte("terms")}}); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sums = append(sums, sha256.Sum256(text))
		}
		if sums[0] != sums[1] {
			t.Errorf("%s: the same files make another archive", extension)
		}
	}
}

// TestTargetsAreThoseOfAReleaseAndNoOthers, each of them once.
func TestTargetsAreThoseOfAReleaseAndNoOthers(t *testing.T) {
	for text, want := range map[string]int{"linux/amd64": 1, "host": 1, "host," + host.String(): 1,
		"linux/arm64,windows/arm64": 2, allTargets(): len(targets)} {
		if read, err := readTargets(text); err != nil || len(read) != want {
			t.Errorf("%q is %v, %v; want %d targets", text, read, err, want)
		}
	}
	for _, text := range []string{"", "linux", "linux/arm", "linux/", "/", "nux/amd64", "linux/amd64,linux",
		"plan9/amd64"} {
		if read, err := readTargets(text); err == nil {
			t.Errorf("%q is %v", text, read)
		}
	}
}

// TestLicencesAreKnownByTheirSentences.
func TestLicencesAreKnownByTheirSentences(t *testing.T) {
	for text, want := range map[string][]string{
		"Apache License\n   Version 2.0, January 2004":                                                 {"Apache-2.0"},
		"Permission is hereby granted,\nfree of charge, to any person obtaining a copy":                {"MIT"},
		"Redistribution and use in source and binary forms ... to endorse or promote products derived": {"BSD-3-Clause"},
		"Redistribution and use in source and binary forms, with or without":                           {"BSD-2-Clause"},
		"Business Source License 1.1 ... Change License: Apache License Version 2.0, January 2004":     {"BUSL-1.1"},
		"Mozilla Public License Version 2.0\n====":                                                     {"MPL-2.0"},
		"This product includes software developed by somebody":                                         nil,
	} {
		if got := idsOf(text); !slices.Equal(got, want) {
			t.Errorf("%q is under %q, want %q", text, got, want)
		}
	}
}

// TestTheBillNamesWhatIsInTheProgram, and is the same each time.
func TestTheBillNamesWhatIsInTheProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := readPrograms(stamp{version: "1.2.3"}, self, self)
	if err != nil {
		t.Fatal(err)
	}
	now := stamp{version: "1.2.3", commit: "abc", date: someTime}
	licences := make(map[module]licence)
	for _, m := range append(programs[0].modules(), programs[0].std()) {
		licences[m] = licence{id: "MIT AND ISC"}
	}
	pages := readBundled([]byte("page\n@graphiql/react 0.39.1 (MIT)\nIn any way 1.0 (one)\n"))
	first, err := bill(now, target{"linux", "amd64"}, programs, pages, licences)
	if err != nil {
		t.Fatal(err)
	}
	second, err := bill(now, target{"linux", "amd64"}, programs, pages, licences)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("a second bill differs: %v", err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(first), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, c := range *bom.Components {
		found = append(found, c.PackageURL)
	}
	for _, want := range []string{"pkg:npm/%40graphiql/react@0.39.1", programs[0].std().ref()} {
		if !slices.Contains(found, want) {
			t.Errorf("the bill lacks %s: %q", want, found)
		}
	}
	if bom.Metadata.Timestamp != "2026-03-01T09:30:00Z" || !strings.HasPrefix(bom.SerialNumber, "urn:uuid:") {
		t.Errorf("it is %s of %s", bom.SerialNumber, bom.Metadata.Timestamp)
	}
}

// TestTheSignatureIsCheckedByAToolThatPeopleHave.
func TestTheSignatureIsCheckedByAToolThatPeopleHave(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed: apt-get install openssh-client")
	}
	folder := t.TempDir()
	key := filepath.Join(folder, "key")
	if text, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out := filepath.Join(folder, "dist")
	if err := errors.Join(emptyDirectory(out), os.WriteFile(filepath.Join(out, "archive"), []byte("x"), 0o600),
		writeSums(out), sign(t.Context(), out, key)); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	signers := filepath.Join(folder, "signers")
	if err := os.WriteFile(signers, append([]byte("releases@corebank "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func() error {
		sums, err := os.Open(filepath.Join(out, sumsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer sums.Close()
		command := exec.Command("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "releases@corebank", "-n", signedAs,
			"-s", filepath.Join(out, sumsFile+".sig"))
		command.Stdin = sums
		return command.Run()
	}
	if err := verify(); err != nil {
		t.Errorf("the signature is not verified: %v", err)
	}
	if err := os.WriteFile(filepath.Join(out, sumsFile), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if verify() == nil {
		t.Error("the signature is good for other checksums")
	}
}
