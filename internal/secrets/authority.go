package secrets

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// How long an authority is valid, and how far clocks may differ. Sentry signs
// certificates for a day, which the sidecars renew by themselves.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	clockSkew     = 15 * time.Minute
)

// addAuthority makes a root and an issuer that the root has signed. The key of the
// root is not stored: nothing else will ever be signed with it.
func (s Set) addAuthority(now time.Time) error {
	root, rootKey, err := certificate(now, TrustDomain, nil, nil)
	if err != nil {
		return fmt.Errorf("make the root certificate: %w", err)
	}
	issuer, issuerKey, err := certificate(now, spiffeID(TrustDomain, sentry), root, rootKey)
	if err != nil {
		return fmt.Errorf("make the issuer's certificate: %w", err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(issuerKey)
	if err != nil {
		return fmt.Errorf("write the issuer's key: %w", err)
	}
	s[Anchors] = armoured("CERTIFICATE", root.Raw)
	s[Issuer] = armoured("CERTIFICATE", issuer.Raw)
	s[IssuerKey] = armoured("PRIVATE KEY", key)
	return nil
}

// certificate makes a certificate that may sign others. Its parent signs it, or
// without one it signs itself.
func certificate(
	now time.Time, name string, parent *x509.Certificate, parentKey crypto.Signer,
) (*x509.Certificate, crypto.Signer, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{Organization: []string{name}},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(authorityLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:     true, BasicConstraintsValid: true}
	if parent == nil {
		parent, parentKey = template, key
	}
	bytes, err := x509.CreateCertificate(rand.Reader, template, parent, public, parentKey)
	if err != nil {
		return nil, nil, err
	}
	made, err := x509.ParseCertificate(bytes)
	return made, key, err
}

func armoured(kind string, bytes []byte) string {
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})))
}
