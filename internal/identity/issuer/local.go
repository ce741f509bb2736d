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
func Open(data string) (*Local, error) { return OpenAs(data, "") }

// OpenAs is Open with the name for a new issuer; "" is an address that is free. One that has another name is refused.
func OpenAs(data, as string) (*Local, error) {
	folder := filepath.Join(data, Folder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	l := &Local{KeyFile: filepath.Join(folder, keyFile), KeysFile: filepath.Join(folder, keysFile)}
	key, err := Key(l.KeyFile)
	if err != nil {
		return nil, err
	}
	name, err := nameIn(filepath.Join(folder, nameFile), as)
	if err != nil {
		return nil, err
	}
	if as != "" && name != as {
		return nil, fmt.Errorf("the issuer in %s is %s, not %s; give that name, or another directory", folder, name, as)
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

const namePrefix = "http://127.0.0.1:"

// nameIn is the name in a file, or a new one: the given one, or the address of a free port.
func nameIn(path, as string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if as == "" {
			lis, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return "", err
			}
			defer lis.Close()
			as = "http://" + lis.Addr().String()
		}
		if !strings.HasPrefix(as, namePrefix) {
			return "", fmt.Errorf("an issuer on this machine is %s and a number, not %q", namePrefix, as)
		}
		if err := once(path, []byte(as+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		text, err = os.ReadFile(path)
		return strings.TrimSpace(string(text)), err
	}
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(text))
	if !strings.HasPrefix(name, namePrefix) {
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
