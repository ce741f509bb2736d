package secrets_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"corebank/internal/contract"
	"corebank/internal/secrets"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func set(t *testing.T) secrets.Set {
	t.Helper()
	s, err := secrets.New(now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEverySecretIsOneOfItsKind: an attacker who learns one has learned no other, and
// nothing of the next start.
func TestEverySecretIsOneOfItsKind(t *testing.T) {
	known := map[string]string{}
	for range 2 {
		for name, secret := range set(t) {
			if other, seen := known[secret]; seen || len(secret) < 50 {
				t.Errorf("%s has %d characters, the same as %q", name, len(secret), other)
			}
			known[secret] = name
		}
	}
	if len(known) != 2*(3+4+4+1+3+1+5+3) {
		t.Errorf("%d secrets in two sets", len(known))
	}
}

// Given partitions; then each has a token for its sidecar, one for itself and an
// identity, and no user of the broker.
func TestPartitionsHaveTheirSecrets(t *testing.T) {
	one := set(t)
	three, err := secrets.New(now, contract.PartitionApps(3)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range contract.PartitionApps(3) {
		for _, name := range []string{secrets.Sidecar(app), secrets.App(app), secrets.Identity(app)} {
			if three[name] == "" || one[name] != "" {
				t.Errorf("%s: %q, and %q in a bank with one partition", name, three[name], one[name])
			}
		}
		if three[secrets.Broker(app)] != "" {
			t.Errorf("%s is a user of the broker", app)
		}
	}
	if len(three) != len(one)+9 {
		t.Errorf("%d secrets, and %d in a bank with one partition", len(three), len(one))
	}
}

func TestTheIssuerIsTheRootsAndGoodForYears(t *testing.T) {
	s := set(t)
	if _, err := tls.X509KeyPair([]byte(s[secrets.Issuer]), []byte(s[secrets.IssuerKey])); err != nil {
		t.Error(err)
	}
	block, _ := pem.Decode([]byte(s[secrets.Issuer]))
	issuer, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(s[secrets.Anchors]))
	for when, good := range map[time.Time]bool{now: true, now.AddDate(9, 0, 0): true, now.AddDate(11, 0, 0): false} {
		_, err := issuer.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: when,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if (err == nil) != good {
			t.Errorf("on %s: %v", when.Format(time.DateOnly), err)
		}
	}
	other := x509.NewCertPool()
	other.AppendCertsFromPEM([]byte(set(t)[secrets.Anchors]))
	if _, err := issuer.Verify(x509.VerifyOptions{Roots: other, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
		t.Error("another installation's root has signed it, too")
	}
}

// TestAnIdentityIsOfOneSidecar holds what Dapr's sentry checks: the audience is
// sentry itself, the subject the one who asks.
func TestAnIdentityIsOfOneSidecar(t *testing.T) {
	s := set(t)
	for id, subject := range map[string]string{
		contract.AppActor: "spiffe://public/ns/default/actor", contract.AppServer: "spiffe://public/ns/default/server",
		secrets.Placement: "spiffe://localhost/ns/default/dapr-placement",
	} {
		token, err := jwt.ParseSigned(s[secrets.Identity(id)], []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		var claims jwt.Claims
		if err := token.Claims(webKeys(t, s[secrets.Keys]), &claims); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		want := jwt.Expected{Subject: subject, AnyAudience: jwt.Audience{"spiffe://localhost/ns/default/dapr-sentry"},
			Time: now.AddDate(1, 0, 0)}
		if err := claims.Validate(want); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if err := token.Claims(webKeys(t, set(t)[secrets.Keys]), &claims); err == nil {
			t.Errorf("%s: it is good for another installation as well", id)
		}
	}
}

func webKeys(t *testing.T, text string) (keys jose.JSONWebKeySet) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	data := t.TempDir()
	folder := filepath.Join(data, secrets.Folder)
	s := set(t)
	if err := s.Write(folder); err != nil {
		t.Fatal(err)
	}
	s = set(t)
	if err := s.Write(folder); err != nil {
		t.Fatalf("over an older set: %v", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != len(s) {
		t.Fatalf("%d files for %d secrets, %v", len(entries), len(s), err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
		if got, err := secrets.Read(data, entry.Name()); err != nil || got != s[entry.Name()] {
			t.Errorf("%s was written as %q, %v", entry.Name(), got, err)
		}
	}
	if _, err := secrets.Read(t.TempDir(), secrets.Admin); err == nil ||
		!strings.Contains(err.Error(), "has it been started") {
		t.Errorf("of a bank that is not there: %v", err)
	}
}

// TestSecretsArePrintedForEnv: each on a line of its own, in quotes.
func TestSecretsArePrintedForEnv(t *testing.T) {
	all := set(t)
	text := all.Environment()
	for name, secret := range all {
		line := secrets.Variable(name) + "='" + secret + "'\n"
		if !strings.Contains(text, "\n"+line) && !strings.HasPrefix(text, line) {
			t.Errorf("%s is not printed", name)
		}
		if strings.ContainsAny(secret, "'$\\") {
			t.Errorf("%s has a character that a shell or docker compose would change", name)
		}
	}
}
