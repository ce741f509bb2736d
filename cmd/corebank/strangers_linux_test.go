package main_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	commonpb "github.com/dapr/dapr/pkg/proto/common/v1"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	sentrypb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// TestThePartsKnowEachOther tries what a program on the same machine could, and
// what a part of the bank could that somebody has taken over.
func TestThePartsKnowEachOther(t *testing.T) {
	b := &besieged{running: up(t, filepath.Join(t.TempDir(), "bank"), coldStart), t: t}
	b.where = b.addresses(t)
	account := b.Open("ada")
	if got := b.Deposit(account, "1.00", "EUR", "one"); got.Transaction == nil {
		t.Fatalf("the bank does not work: %+v", got)
	}
	t.Run("a sidecar without its token", b.sidecars)
	t.Run("the event source without its token", b.eventSource)
	t.Run("an append by another app", b.appends)
	t.Run("a certificate without an identity", b.certificates)
	t.Run("the broker", b.broker)
	t.Run("the projector's admin endpoint", b.admin)
	t.Run("who has immudb's password", b.passwords)
	t.Run("secrets in arguments and logs", b.leaks)
	t.Run("files", b.files)
	t.Run("browsers and other users of the machine", b.browsers)
	if value, version := b.Balance(account, 2); value != "1.00" || version != 2 {
		t.Errorf("after all that: %s at version %d", value, version)
	}
	b.stop()
}

type besieged struct {
	*running
	t     *testing.T
	where map[string]string // the address of each part
}

// addresses are where the parts are found.
func (b *besieged) addresses(t *testing.T) map[string]string {
	t.Helper()
	where, err := datadir.ReadRunning(b.data)
	if err != nil {
		t.Fatal(err)
	}
	return where.Parts
}

// flag is what a part was started with.
func (b *besieged) flag(part, flag string) string {
	b.t.Helper()
	match := regexp.MustCompile(`--` + flag + `=(\S+)`).FindStringSubmatch(commandLine(b.parts()[part]))
	if match == nil {
		b.t.Fatalf("%s has no --%s: %v", part, flag, b.parts())
	}
	return match[1]
}

func (b *besieged) secret(t *testing.T, name string) string {
	t.Helper()
	secret, err := secrets.Read(b.data, name)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

// invoke has a sidecar invoke a method of the event source.
func (b *besieged) invoke(t *testing.T, sidecar, method string, headers ...string) error {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(within(t, stopTime), headers...)
	_, err := runtimepb.NewDaprClient(dial(t, b.where[sidecar])).InvokeService(ctx, &runtimepb.InvokeServiceRequest{
		Id: contract.AppEventSource, Message: &commonpb.InvokeRequest{Method: method, ContentType: "application/json",
			Data:          &anypb.Any{Value: []byte(`{"appends":[]}`)},
			HttpExtension: &commonpb.HTTPExtension{Verb: commonpb.HTTPExtension_POST}}})
	return err
}

// overHTTP asks an app's sidecar, whatever the address says.
func (b *besieged) overHTTP(app string) *http.Client {
	network, address := "tcp", ""
	if socket, found := strings.CutPrefix(b.where[app+"-sidecar"], "unix://"); found {
		network, address = "unix", strings.Replace(socket, "-grpc.", "-http.", 1)
	} else {
		address = "127.0.0.1:" + b.flag(app+"-sidecar", "dapr-http-port")
	}
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}}
}

// denied: the calling sidecar wraps the answer of the called one into another.
func denied(err error) bool {
	return err != nil && strings.Contains(err.Error(), "code = PermissionDenied")
}

func (b *besieged) sidecars(t *testing.T) {
	for _, app := range secrets.Apps() {
		for what, headers := range map[string][]string{
			"none": nil, "a wrong one": {"dapr-api-token", "x"},
			"another sidecar's": {"dapr-api-token", b.secret(t, secrets.Sidecar(other(app)))},
		} {
			if err := b.invoke(t, app+"-sidecar", contract.MethodStatus, headers...); status.Code(err) != codes.Unauthenticated {
				t.Errorf("%s, with %s: %v", app, what, err)
			}
		}
		answer, err := b.overHTTP(app).Get("http://sidecar/v1.0/metadata")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s, over HTTP: %s", app, answer.Status)
		}
	}
}

func other(app string) string {
	if app == contract.AppServer {
		return contract.AppActor
	}
	return contract.AppServer
}

func (b *besieged) eventSource(t *testing.T) {
	calls := runtimepb.NewAppCallbackClient(dial(t, b.flag(contract.AppEventSource, "listen")))
	for _, method := range []string{contract.MethodAppend, contract.MethodReadAll} {
		for _, token := range []string{"", "x", b.secret(t, secrets.Sidecar(contract.AppEventSource))} {
			ctx := metadata.AppendToOutgoingContext(within(t, stopTime), "dapr-api-token", token, "corebank-proof",
				b.secret(t, secrets.Append))
			_, err := calls.OnInvoke(ctx, &commonpb.InvokeRequest{Method: method, Data: &anypb.Any{Value: []byte("{}")},
				HttpExtension: &commonpb.HTTPExtension{Verb: commonpb.HTTPExtension_POST}})
			if status.Code(err) != codes.Unauthenticated {
				t.Errorf("%s with the token %q: %v", method, token, err)
			}
		}
	}
}

// appends: an app that is not the actor is refused by the event source's
// sidecar, which knows it by its certificate; the actor's own sidecar is refused
// by the event source without the actor's proof.
func (b *besieged) appends(t *testing.T) {
	proof := []string{"corebank-proof", b.secret(t, secrets.Append)}
	for _, app := range secrets.Apps() {
		token := []string{"dapr-api-token", b.secret(t, secrets.Sidecar(app))}
		err := b.invoke(t, app+"-sidecar", contract.MethodAppend, token...)
		if !denied(err) {
			t.Errorf("%s without a proof: %v", app, err)
		}
		if app == contract.AppEventSource {
			continue // calls itself without the network: its own proof is enough
		}
		err = b.invoke(t, app+"-sidecar", contract.MethodAppend, append(token, proof...)...)
		switch app {
		case contract.AppActor:
			if err == nil || !strings.Contains(err.Error(), "a request has 1 to") {
				t.Errorf("the actor's call does not reach the event source: %v", err)
			}
		default:
			if !denied(err) || !strings.Contains(err.Error(), "access control policy") {
				t.Errorf("%s with the actor's proof: %v", app, err)
			}
		}
	}
	token := []string{"dapr-api-token", b.secret(t, secrets.Sidecar(contract.AppProjector))}
	if err := b.invoke(t, "projector-sidecar", contract.MethodFindKeys, token...); !denied(err) {
		t.Errorf("the projector asks for keys: %v", err)
	}
}

// certificates: sentry issues none in an app's name without that app's
// identity, and without one no program can talk to a sidecar where sidecars do.
func (b *besieged) certificates(t *testing.T) {
	// A stranger does not check the server's certificate.
	blind := credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	connection, err := grpc.NewClient(b.where["sentry"], grpc.WithTransportCredentials(blind))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	for identity, want := range map[string]codes.Code{"": codes.PermissionDenied, "x": codes.PermissionDenied,
		b.secret(t, secrets.Identity(contract.AppServer)): codes.PermissionDenied, b.secret(t,
			secrets.Identity(contract.AppActor)): codes.OK} {
		for _, validator := range []sentrypb.SignCertificateRequest_TokenValidator{sentrypb.SignCertificateRequest_JWKS,
			sentrypb.SignCertificateRequest_INSECURE} {
			_, err := sentrypb.NewCAClient(connection).SignCertificate(within(t, stopTime), &sentrypb.SignCertificateRequest{
				Id: contract.AppActor, Namespace: "default", Token: identity, TokenValidator: validator,
				CertificateSigningRequest: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})})
			if validator == sentrypb.SignCertificateRequest_INSECURE {
				want = codes.InvalidArgument // that validator is not there
			}
			if status.Code(err) != want {
				t.Errorf("a certificate for the actor with the identity %.20q: %v, want %v", identity, err, want)
			}
		}
	}
	internal := "127.0.0.1:" + b.flag("eventsource-sidecar", "dapr-internal-grpc-port")
	for name, transport := range map[string]credentials.TransportCredentials{"in the clear": insecure.NewCredentials(),
		"without a certificate": blind} {
		connection, err := grpc.NewClient(internal, grpc.WithTransportCredentials(transport))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		err = connection.Invoke(within(t, stopTime), "/dapr.proto.internals.v1.ServiceInvocation/CallLocal",
			&emptypb.Empty{}, &emptypb.Empty{})
		if status.Code(err) != codes.Unavailable {
			t.Errorf("a call between sidecars %s: %v", name, err)
		}
	}
}

func (b *besieged) broker(t *testing.T) {
	address := b.where["nats"]
	for _, url := range []string{"nats://" + address, secrets.BrokerURL(address, "admin", "x"),
		secrets.BrokerURL(address, contract.AppEventSource, b.secret(t, secrets.Broker(contract.AppActor)))} {
		if connection, err := nats.Connect(url); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("a stranger is let in: %v", err)
			connection.Close()
		}
	}
	// Who reads the topic cannot write to it.
	for _, app := range secrets.Apps() {
		faults := make(chan error, 8)
		connection, err := nats.Connect(secrets.BrokerURL(address, app, b.secret(t, secrets.Broker(app))),
			nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { faults <- err }))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		for _, subject := range []string{contract.Topic, "$JS.API.STREAM.DELETE.COREBANK"} {
			if subject == contract.Topic && app == contract.AppEventSource {
				continue
			}
			if err := errors.Join(connection.Publish(subject, []byte("{}")),
				connection.FlushWithContext(within(t, stopTime))); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-faults:
				if !errors.Is(err, nats.ErrPermissionViolation) {
					t.Errorf("%s publishes %s: %v", app, subject, err)
				}
			case <-within(t, stopTime).Done():
				t.Errorf("%s may publish %s", app, subject)
			}
		}
	}
}

func (b *besieged) admin(t *testing.T) {
	for _, header := range []string{"", "Bearer ", "Bearer x", b.secret(t, secrets.Admin)} {
		request, err := http.NewRequestWithContext(within(t, stopTime), http.MethodPost,
			"http://"+b.where["projector"]+"/admin/rebuild", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", header)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("with %q: %s", header, answer.Status)
		}
	}
}

// passwords: only immudb and the event source have anything to do with
// immudb's passwords; the others do not even know their files.
func (b *besieged) passwords(t *testing.T) {
	for part, pid := range b.parts() {
		if part == "immudb" || part == contract.AppEventSource {
			continue
		}
		seen := commandLine(pid) + environmentOf(t, pid)
		for _, name := range []string{"immudb-admin", "immudb-eventsource"} {
			if strings.Contains(seen, b.secret(t, name)) || strings.Contains(seen, name) {
				t.Errorf("%s has %s", part, name)
			}
		}
	}
}

// leaks: no secret is in the arguments of any process, which everybody on the
// machine can read, or in a log; and none is in the environment of a part that
// it is not for.
func (b *besieged) leaks(t *testing.T) {
	var known []string
	entries, err := os.ReadDir(filepath.Join(b.data, secrets.Folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != secrets.Anchors && entry.Name() != secrets.Issuer && entry.Name() != secrets.Keys {
			known = append(known, entry.Name())
		}
	}
	text := map[string]string{"what up prints": b.output.String()}
	for part, pid := range b.parts() {
		text["the arguments of "+part] = commandLine(pid)
	}
	logs, err := filepath.Glob(filepath.Join(b.data, "logs", "*"))
	if err != nil || len(logs) < 12 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	for _, path := range logs {
		lines, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[path] = string(lines)
	}
	for _, name := range known {
		for where, words := range text {
			if strings.Contains(words, b.secret(t, name)) {
				t.Errorf("%s is in %s", name, where)
			}
		}
		for part, pid := range b.parts() {
			app := strings.TrimSuffix(part, "-sidecar")
			if strings.Contains(environmentOf(t, pid), b.secret(t, name)) && !strings.HasSuffix(name, "-"+app) {
				t.Errorf("%s is in the environment of %s", name, part)
			}
		}
	}
}

func (b *besieged) files(t *testing.T) {
	err := filepath.WalkDir(b.data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		folder := filepath.Base(filepath.Dir(path))
		secret := folder == secrets.Folder || folder == "identity" || folder == "sessions"
		if err == nil && secret && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if path == b.data && info.Mode().Perm() != 0o700 {
			t.Errorf("the data directory: %v", info.Mode())
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // files come and go
		t.Error(err)
	}
}

// environmentOf is what a process was started with, as far as only its owner
// can read it.
func environmentOf(t *testing.T, pid int) string {
	t.Helper()
	path := fmt.Sprintf("/proc/%d/environ", pid)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Fatalf("%s: %v, %v", path, info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
