package issuer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Local is the issuer of a bank that runs on one machine. All of it is in a
// folder of the bank's data directory.
type Local struct {
	*Issuer
	// KeyFile has the key, KeysFile the JSON Web Key Set.
	KeyFile, KeysFile string
}

// Folder is where in a bank's data directory the issuer is.
const Folder = "identity"

// Has reports whether a bank's data directory has an issuer.
func Has(data string) bool {
	_, err := os.Stat(filepath.Join(data, Folder, keyFile))
	return err == nil
}

const (
	keyFile  = "key.pem"
	keysFile = "jwks.json"
	nameFile = "issuer"
)

// Open is the issuer in a bank's data directory, which it makes if there is
// none. Its name is the address on this machine at which the bank publishes its
// keys while it runs; it stays the same, so that tokens outlive the bank.
func Open(data string) (*Local, error) {
	folder := filepath.Join(data, Folder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	l := &Local{KeyFile: filepath.Join(folder, keyFile), KeysFile: filepath.Join(folder, keysFile)}
	key, err := Key(l.KeyFile)
	if err != nil {
		return nil, err
	}
	name, err := nameIn(filepath.Join(folder, nameFile))
	if err != nil {
		return nil, err
	}
	if l.Issuer, err = New(name, key); err != nil {
		return nil, err
	}
	keys, err := l.published()
	if err != nil {
		return nil, err
	}
	return l, whole(l.KeysFile, keys)
}

// nameIn is the name in a file, or a new one: the address of a free port.
func nameIn(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		defer lis.Close()
		if err := once(path, []byte("http://"+lis.Addr().String()+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		text, err = os.ReadFile(path)
		return strings.TrimSpace(string(text)), err
	}
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(text))
	if !strings.HasPrefix(name, "http://127.0.0.1:") {
		return "", fmt.Errorf("%s has %q; want an address of this machine, or no file", path, name)
	}
	return name, nil
}

// Address is where the keys are published.
func (l *Local) Address() string { return strings.TrimPrefix(l.Name, "http://") }

// once writes a file as a whole where there is none.
func once(path string, content []byte) error {
	fresh := path + "." + rand.Text()
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return err
	}
	defer os.Remove(fresh)
	err := os.Link(fresh, path) // unlike a rename, it fails where there is one
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Some file systems (exFAT) have no second names for a file. Then the file is
	// made in its place, by one write.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// whole writes a file as a whole, over an older one.
func whole(path string, content []byte) error {
	fresh := path + "." + rand.Text()
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return err
	}
	defer os.Remove(fresh) // it has another name when all went well
	return os.Rename(fresh, path)
}
