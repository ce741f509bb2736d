package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// sealed is a value with its checksum.
type sealed struct {
	SHA256 string          `json:"sha256"`
	Data   json.RawMessage `json:"data"`
}

// Seal encodes a value as JSON with a checksum.
func Seal(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{SHA256: checksum(data), Data: data})
}

// Open decodes what Seal made into a value. The error is the reason why the data is
// not valid.
func Open(data []byte, into any) error {
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if checksum(s.Data) != s.SHA256 {
		return errors.New("its checksum does not match")
	}
	if err := json.Unmarshal(s.Data, into); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	return nil
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
