package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Key is the secret of those who may seal.
type Key [sha256.Size]byte

// DeriveKey is the key for sealing that follows from another secret. It reveals
// nothing of that, nor of the keys for other uses.
func DeriveKey(secret []byte, use string) (key Key, err error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, use, len(key))
	copy(key[:], derived)
	return key, err
}

// sealed is a value with its code.
type sealed struct {
	HMAC string          `json:"hmac"`
	Data json.RawMessage `json:"data"`
}

// ErrUnsealed says that a value was never sealed with a key: an earlier build stored
// it.
var ErrUnsealed = errors.New("it was stored without a key")

// Seal encodes a value as JSON with a code that only the key makes. The name says
// what the value is: under another name it is not valid.
func (k Key) Seal(name string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{HMAC: hex.EncodeToString(k.code(name, data)), Data: data})
}

// Open decodes what Seal made under a name into a value. The error is the reason why
// the data is not valid.
func (k Key) Open(name string, data []byte, into any) error {
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if s.HMAC == "" {
		return ErrUnsealed
	}
	code, err := hex.DecodeString(s.HMAC)
	if err != nil || !hmac.Equal(code, k.code(name, s.Data)) {
		return errors.New("it was not sealed with this bank's key")
	}
	if err := json.Unmarshal(s.Data, into); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	return nil
}

// code is the code of data under a name.
func (k Key) code(name string, data []byte) []byte {
	mac := hmac.New(sha256.New, k[:])
	fmt.Fprintf(mac, "%d:%s:", len(name), name)
	mac.Write(data)
	return mac.Sum(nil)
}
