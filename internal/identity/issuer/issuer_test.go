package issuer_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

func open(t *testing.T, data string) *issuer.Local {
	t.Helper()
	local, err := issuer.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return local
}

// TestTokensOutliveTheBank: what was signed before a restart is taken after it,
// and only by the bank that signed it.
func TestTokensOutliveTheBank(t *testing.T) {
	data := t.TempDir()
	if issuer.Has(data) {
		t.Error("an empty directory has an issuer")
	}
	token, err := open(t, data).Token("ada", identity.Customer, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	again, other := open(t, data), open(t, t.TempDir())
	for _, test := range []struct {
		local *issuer.Local
		taken bool
	}{{again, true}, {other, false}} {
		source, err := oidc.From(test.local.KeysFile)
		if err != nil {
			t.Fatal(err)
		}
		v := oidc.New(oidc.Config{Issuer: again.Name, Audience: issuer.Audience}, oidc.NewKeys(source, nil))
		who, err := v.Verify(t.Context(), token)
		if (err == nil) != test.taken || test.taken && (who.Subject != "ada" || !who.Is(identity.Customer)) {
			t.Errorf("%+v, %v, want taken: %t", who, err, test.taken)
		}
	}
	if !issuer.Has(data) {
		t.Error("there is no issuer")
	}
}

// TestAnybodyCanFindTheKeys: by the configuration at the issuer's own address.
func TestAnybodyCanFindTheKeys(t *testing.T) {
	local := open(t, t.TempDir())
	lis, err := net.Listen("tcp", local.Address())
	if err != nil {
		t.Skip("somebody has taken the port: ", err)
	}
	server := &http.Server{Handler: local.Handler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(func() { _ = server.Close() })
	v, err := oidc.Settings{Issuer: local.Name, Audience: issuer.Audience}.Verifier(0)
	if err != nil {
		t.Fatal(err)
	}
	token, err := local.Token("tess", identity.Teller, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := v.Verify(t.Context(), token); err != nil || who.Subject != "tess" {
		t.Errorf("%+v, %v", who, err)
	}
	liar, err := oidc.Settings{Issuer: local.Name + "/", Audience: issuer.Audience}.Verifier(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := liar.Verify(t.Context(), token); err == nil || !strings.Contains(err.Error(), "says that it is") {
		t.Errorf("an issuer under another name: %v", err)
	}
}

func TestTheKeyIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("file modes say nothing there")
	}
	data := t.TempDir()
	local := open(t, data)
	entries, err := os.ReadDir(filepath.Join(data, issuer.Folder))
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	// A volume's group (fsGroup of Kubernetes) is taken back from a file of ours.
	if err := os.Chmod(local.KeyFile, 0o660); err != nil {
		t.Fatal(err)
	}
	open(t, data)
	if info, err := os.Stat(local.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.Chmod(local.KeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Open(data); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	for _, text := range []string{"", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.Key(path); err == nil || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%q is a key: %v", text, err)
		}
	}
}

// TestManyMakeOneKey: processes that start at once agree.
func TestManyMakeOneKey(t *testing.T) {
	data := t.TempDir()
	var mu sync.Mutex
	var group sync.WaitGroup
	names, keys := map[string]bool{}, map[string]bool{}
	for range 8 {
		group.Go(func() {
			local, err := issuer.Open(data)
			if err != nil {
				t.Error(err)
				return
			}
			published, err := local.Keys(t.Context())
			mu.Lock()
			defer mu.Unlock()
			if names[local.Name], keys[string(published)] = true, true; err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(names) != 1 || len(keys) != 1 {
		t.Errorf("%d names and %d keys", len(names), len(keys))
	}
}

func TestKeysComeOverASafeWay(t *testing.T) {
	for address, safe := range map[string]bool{
		"https://login.example.org": true, "http://127.0.0.1:8080": true, "http://localhost:1/x": true,
		"http://[::1]:1": true, "http://login.example.org": false, "ftp://127.0.0.1": false,
		"https://": false, "login": false,
	} {
		if _, err := oidc.Discover(address); (err == nil) != safe {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := oidc.From("http://login.example.org/keys"); err == nil {
		t.Error("keys come over a way that anybody can change")
	}
	for _, s := range []oidc.Settings{{}, {Issuer: "https://login.example.org"}, {Audience: "corebank"}} {
		if _, err := s.Verifier(0); err == nil || !strings.Contains(err.Error(), "--issuer") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
