package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

const pemType = "PRIVATE KEY"

// Key reads the private key in a file, and makes one where there is no file.
// Of several processes that make one at once, all get the same.
func Key(path string) (*ecdsa.PrivateKey, error) {
	key, err := read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the key %s: %w", path, err)
	}
	return read(path)
}

func read(path string) (*ecdsa.PrivateKey, error) {
	if err := checkMode(path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("%s is no private key; remove it for a new one", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; remove it for a new one", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%s is no key on P-256; remove it for a new one", path)
	}
	return key, nil
}

// checkMode refuses a key that others can read. Kubernetes gives the files of a
// volume to a group (fsGroup): it takes our own file back, and lets a group read
// the file that root put there.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" { // there, the mode says nothing
		return err
	}
	const group, others = 0o070, 0o007
	mode := info.Mode().Perm()
	if mode&others == 0 && (mode&group == 0 || isRoots(info) || os.Chmod(path, mode&^group) == nil) {
		return nil
	}
	return fmt.Errorf("%s can be read by others than its owner (%s), and anyone who has read it "+
		"can sign in as any user: remove it for a new one, or chmod 600 it", path, mode)
}

// makeKey puts a new key in its place as a whole, where there is none.
func makeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return once(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: bytes}))
}
