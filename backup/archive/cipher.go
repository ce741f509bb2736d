package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

// Sealer encrypts the content of a file, Opener decrypts it.
type (
	Sealer func(content []byte) ([]byte, error)
	Opener func(content []byte) ([]byte, error)
)

// ReadRecipients reads whom a backup is encrypted for, from a file with lines that begin with "age1".
func ReadRecipients(file string) (Sealer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	recipients, err := age.ParseRecipients(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s has no recipients: %w; it needs lines that begin with age1", file, err)
	}
	return func(content []byte) ([]byte, error) {
		var sealed bytes.Buffer
		into, err := age.Encrypt(&sealed, recipients...)
		if err != nil {
			return nil, err
		}
		if _, err = into.Write(content); err == nil {
			err = into.Close() // it writes the last bytes
		}
		return sealed.Bytes(), err
	}, nil
}

// ReadIdentities reads the keys that open a backup, from a file with lines that begin with "AGE-SECRET-KEY-".
func ReadIdentities(file string) (Opener, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s has no key: %w; it needs a line that begins with AGE-SECRET-KEY-", file, err)
	}
	return func(content []byte) ([]byte, error) {
		opened, err := age.Decrypt(bytes.NewReader(content), identities...)
		if wrong := (*age.NoIdentityMatchError)(nil); errors.As(err, &wrong) {
			return nil, fmt.Errorf("the key in %s does not open it: it was encrypted for another one", file)
		}
		if err != nil {
			return nil, fmt.Errorf("it cannot be decrypted: %w", err)
		}
		plain, err := io.ReadAll(opened)
		if err != nil {
			return nil, fmt.Errorf("it cannot be decrypted: %w", err)
		}
		return plain, nil
	}, nil
}
