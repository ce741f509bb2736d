package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// sumsFile has the checksums of all files of a release, as sha256sum reads them.
const sumsFile = "SHA256SUMS"

// signedAs is the namespace of the signature. It says what the key signed, so that
// a signature for another purpose is none for a release.
const signedAs = "corebank-release"

func writeSums(out string) error {
	entries, err := os.ReadDir(out) // in the order of their names
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, entry := range entries {
		sum, err := sumOf(filepath.Join(out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sum, entry.Name())
	}
	return os.WriteFile(filepath.Join(out, sumsFile), sums.Bytes(), 0o644)
}

func sumOf(path string) ([]byte, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, opened)
	return hash.Sum(nil), err
}

// sign signs the checksums with an OpenSSH key, which everybody can verify who has
// ssh-keygen.
func sign(ctx context.Context, out, key string) error {
	if key == "" {
		fmt.Printf("not signed: set %s to the file of an OpenSSH private key\n", keyVariable)
		return nil
	}
	sums := filepath.Join(out, sumsFile)
	if err := os.Remove(sums + ".sig"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, err := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-f", key, "-n", signedAs, sums).CombinedOutput()
	if err != nil {
		return fmt.Errorf("sign %s with %s=%s: %w\n%s", sums, keyVariable, key, err, text)
	}
	return nil
}
