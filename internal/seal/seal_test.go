package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"corebank/internal/seal"
)

type value struct{ Minor int64 }

func key(t *testing.T, secret, use string) seal.Key {
	t.Helper()
	k, err := seal.DeriveKey([]byte(secret), use)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOnlyTheKeySeals(t *testing.T) {
	k := key(t, "secret", "tests")
	data, err := k.Seal("ada", value{700})
	if err != nil {
		t.Fatal(err)
	}
	var got value
	if err := k.Open("ada", data, &got); err != nil || got != (value{700}) {
		t.Fatalf("%+v (%v)", got, err)
	}
	for what, attempt := range map[string]func() error{
		"another value":   func() error { return k.Open("ada", bytes.Replace(data, []byte("700"), []byte("900"), 1), &got) },
		"another name":    func() error { return k.Open("bob", data, &got) },
		"another secret":  func() error { return key(t, "other", "tests").Open("ada", data, &got) },
		"another use":     func() error { return key(t, "secret", "else").Open("ada", data, &got) },
		"half of it":      func() error { return k.Open("ada", data[:len(data)/2], &got) },
		"no code":         func() error { return k.Open("ada", []byte(`{"hmac":"zz","data":{"Minor":1}}`), &got) },
		"another's shape": func() error { return k.Open("ada", []byte(`[]`), &got) },
	} {
		if err := attempt(); err == nil || errors.Is(err, seal.ErrUnsealed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	earlier := []byte(`{"sha256":"00","data":{"Minor":1}}`)
	if err := k.Open("ada", earlier, &got); !errors.Is(err, seal.ErrUnsealed) {
		t.Errorf("of an earlier build: %v", err)
	}
}
