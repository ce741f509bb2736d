package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnIssuerForContainers: made once under a name, it signs tokens under
// that name, and under no other.
func TestAnIssuerForContainers(t *testing.T) {
	data, name := t.TempDir(), "http://127.0.0.1:9000"
	command := func(arguments ...string) (string, error) {
		var out bytes.Buffer
		root := newRoot(&out)
		root.SetArgs(arguments)
		err := root.ExecuteContext(t.Context())
		return out.String(), err
	}
	for range 2 {
		out, err := command("issuer", "--data="+data, "--name="+name)
		keys := filepath.Join(data, "identity", "jwks.json")
		if err != nil || !strings.Contains(out, name) || !strings.Contains(out, keys) {
			t.Errorf("%q, %v", out, err)
		}
	}
	if _, err := command("issuer", "--data="+data, "--name=http://127.0.0.1:9001"); err == nil {
		t.Error("its tokens have another name from now on")
	}
	if _, err := command("issuer", "--data="+t.TempDir(), "--name=https://login.example.org"); err == nil {
		t.Error("the name of another issuer is taken")
	}
	if out, err := command("token", "--data="+data); err != nil || strings.Count(out, ".") != 2 {
		t.Errorf("%q, %v", out, err)
	}
}
