package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnknown says that a code or a key means nothing: it was used or ended, is
// of an earlier start of the bank, or never was one.
var ErrUnknown = errors.New("there is no such code or session")

// Store is the folder of offers and sessions.
type Store struct{ Dir string }

// The beginnings of the files' names.
const (
	offered = "offer-"
	begun   = "session-"
)

// Offer stores a token under a new code, which works once.
func (s Store) Offer(token string) (code string, err error) {
	code = rand.Text()
	path := s.file(offered, code)
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		return "", fmt.Errorf("offer a sign-in: %w", err)
	}
	return code, nil
}

// Redeem makes a session of an offer. Of several that redeem one code, one
// succeeds; the others get ErrUnknown.
func (s Store) Redeem(code string) (key string, err error) {
	key = rand.Text()
	if err := os.Rename(s.file(offered, code), s.file(begun, key)); err != nil {
		return "", unknown(err)
	}
	return key, nil
}

// Token is the token of a session.
func (s Store) Token(key string) (string, error) {
	token, err := os.ReadFile(s.file(begun, key))
	if err != nil {
		return "", unknown(err)
	}
	return string(token), nil
}

// End ends a session, if there is one.
func (s Store) End(key string) error {
	if err := os.Remove(s.file(begun, key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Clear ends all offers and sessions, as at a start of the bank. It makes the
// folder if there is none, and leaves files alone that are not of this package.
func (s Store) Clear() error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), offered) && !strings.HasPrefix(entry.Name(), begun) {
			continue
		}
		if err := os.Remove(filepath.Join(s.Dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Link is the address that signs a browser in. The code stands behind the #, so
// that no server and no proxy sees it.
func Link(gateway, code string) string { return gateway + "/console/#/sign-in/" + code }

func (s Store) file(kind, secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return filepath.Join(s.Dir, kind+hex.EncodeToString(sum[:]))
}

func unknown(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrUnknown
	}
	return err
}
