package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnIssuerForContainers: made once under a name, it signs tokens and links for a
// gateway that "corebank up" did not start.
func TestAnIssuerForContainers(t *testing.T) {
	data, name := t.TempDir(), "http://127.0.0.1:9000"
	command := func(arguments ...string) (string, error) {
		var out bytes.Buffer
		root := newRoot(&out)
		root.SetArgs(arguments)
		err := root.ExecuteContext(t.Context())
		return out.String(), err
	}
	if _, err := command("token", "--data="+data, "--link", "--gateway=http://127.0.0.1:8080"); err == nil ||
		!strings.Contains(err.Error(), "corebank issuer") {
		t.Errorf("a link without an issuer: %v", err)
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
	if out, err := command("token", "--data="+data, "--link", "--gateway=http://127.0.0.1:8080"); err != nil ||
		!strings.HasPrefix(out, "http://127.0.0.1:8080/") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := command("token", "--data="+data, "--gateway=http://127.0.0.1:8080"); err == nil {
		t.Error("--gateway is taken without --link")
	}
}
