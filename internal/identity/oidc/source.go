package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// maxDocument bounds what is read of an issuer, in bytes.
const maxDocument = 1 << 20

// From reads keys from a file, or from an address that begins with http. An
// address has to be https unless it is on this machine: an attacker who can
// replace the keys in transit can sign in as any user.
func From(location string) (Source, error) {
	if !strings.HasPrefix(location, "http://") && !strings.HasPrefix(location, "https://") {
		return func(context.Context) ([]byte, error) { return os.ReadFile(location) }, nil
	}
	if err := checkAddress(location); err != nil {
		return nil, err
	}
	return func(ctx context.Context) ([]byte, error) { return get(ctx, location) }, nil
}

// Discover reads keys from where an issuer's configuration says that they are.
func Discover(issuer string) (Source, error) {
	if err := checkAddress(issuer); err != nil {
		return nil, err
	}
	return func(ctx context.Context) ([]byte, error) {
		text, err := get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
		if err != nil {
			return nil, err
		}
		var found struct {
			Issuer string `json:"issuer"`
			Keys   string `json:"jwks_uri"`
		}
		if err := json.Unmarshal(text, &found); err != nil {
			return nil, fmt.Errorf("the configuration of %s: %w", issuer, err)
		}
		if found.Issuer != issuer {
			return nil, fmt.Errorf("%s says that it is %q", issuer, found.Issuer)
		}
		if err := checkAddress(found.Keys); err != nil {
			return nil, err
		}
		return get(ctx, found.Keys)
	}, nil
}

func checkAddress(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return fmt.Errorf("%q is no address of the web; want one such as https://login.example.org", address)
	}
	ip := net.ParseIP(parsed.Hostname())
	local := parsed.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if parsed.Scheme == "https" || parsed.Scheme == "http" && local {
		return nil
	}
	return fmt.Errorf("%s is not https; keys that can be changed on their way prove nothing", address)
}

func get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	client := http.Client{CheckRedirect: func(next *http.Request, before []*http.Request) error {
		if len(before) > 3 {
			return errors.New("too many redirects")
		}
		return checkAddress(next.URL.String())
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	compareClocks(address, response.Header, time.Now())
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxDocument))
}
