package oidc_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"corebank/internal/identity/oidc"
)

// warnings are what is logged until the end of the test.
func warnings(t *testing.T) *bytes.Buffer {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

// TestAClockThatDiffersFromTheIssuersIsNoticed: all clocks of a bank may be wrong
// together, and the issuer has one of its own.
func TestAClockThatDiffersFromTheIssuersIsNoticed(t *testing.T) {
	for off, noticed := range map[time.Duration]bool{0: false, 30 * time.Second: false, -30 * time.Second: false,
		time.Hour: true, -400 * 24 * time.Hour: true} {
		log := warnings(t)
		issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
			_, _ = w.Write([]byte(`{"keys":[]}`))
		}))
		source, err := oidc.From(issuer.URL)
		if err == nil {
			_, err = source(t.Context())
		}
		issuer.Close()
		if said := strings.Contains(log.String(), "clocks"); err != nil || said != noticed {
			t.Errorf("an issuer that is %s ahead: %v, %s", off, err, log)
		}
	}
}

// TestATokenOfTheFutureIsWarnedOf, once: it is signed, so the issuer's clock says so.
func TestATokenOfTheFutureIsWarnedOf(t *testing.T) {
	log, key := warnings(t), newSigner(t, "k1", jose.ES256)
	v, _ := verifier(t, key)
	for range 3 {
		future := claims()
		future["iat"] = jwt.NewNumericDate(time.Now().Add(time.Hour))
		future["exp"] = jwt.NewNumericDate(time.Now().Add(2 * time.Hour))
		if _, err := v.Verify(t.Context(), key.sign(t, future)); err == nil {
			t.Error("it is taken")
		}
	}
	if n := strings.Count(log.String(), "not valid yet"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, log)
	}
}
