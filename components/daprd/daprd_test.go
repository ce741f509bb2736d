package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/acl"
	"github.com/dapr/dapr/pkg/config"
	"github.com/dapr/dapr/pkg/resiliency"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/kit/logger"
)

// A bank starts only if its sidecars can load every file they are shown.
func TestEveryComponentTheBankNamesIsBuiltIn(t *testing.T) {
	files, err := filepath.Glob("../*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	compose, err := filepath.Glob("../compose/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	components := registry.New(builtin(logger.NewLogger("test")))
	seen := 0
	for _, file := range append(files, compose...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var resource struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     struct{ Type, Version string }
		}
		if err := yaml.Unmarshal(text, &resource); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".yaml"); resource.Metadata.Name != want {
			t.Errorf("%s calls itself %q, want %q", file, resource.Metadata.Name, want)
		}
		if resource.Kind != "Component" {
			continue
		}
		seen++
		switch kind, _, _ := strings.Cut(resource.Spec.Type, "."); kind {
		case "pubsub":
			_, err = components.PubSubs().Create(resource.Spec.Type, resource.Spec.Version, "")
		case "state":
			_, err = components.StateStores().Create(resource.Spec.Type, resource.Spec.Version, "")
		default:
			t.Errorf("%s: the sidecar has no component %s", file, resource.Spec.Type)
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if seen != 6 {
		t.Errorf("looked at %d components, want the 3 of each variant", seen)
	}
}

// Containers differ from one machine in where the snapshots are and in how
// names are found, and in nothing else.
func TestContainersShareTheOtherFiles(t *testing.T) {
	for _, name := range []string{"pubsub.yaml", "livefeed.yaml", "resiliency.yaml", "access.yaml"} {
		local, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		compose, err := os.ReadFile(filepath.Join("..", "compose", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(local, compose) {
			t.Errorf("compose/%s is not a copy of %s: copy it again", name, name)
		}
	}
}

// A gateway takes a refusal for certain if none of its calls with the command got
// lost. A sidecar that calls again by itself would hide that one was.
func TestNoSidecarSendsACommandTwice(t *testing.T) {
	log := logger.NewLogger("test")
	policies := resiliency.FromConfigurations(log, resiliency.LoadLocalResiliency(log, "server", "..")...)
	for _, kind := range []string{"account", "clearing"} {
		if !policies.PolicyDefined(kind, resiliency.ActorPolicy{}) {
			t.Errorf("an actor of kind %s has Dapr's own policy, which calls it again", kind)
		}
		calls := 0
		call := resiliency.NewRunner[int](t.Context(), policies.ActorPreLockPolicy(kind, "one"))
		if _, err := call(func(context.Context) (int, error) { calls++; return 0, errors.New("lost") }); err == nil {
			t.Errorf("a call of an actor of kind %s got lost without a word", kind)
		}
		if calls != 1 {
			t.Errorf("an actor of kind %s is called %d times", kind, calls)
		}
	}
}

func TestPasswordsOfTheBrokerAreNotLogged(t *testing.T) {
	for text, want := range map[string]string{
		"Connected to nats at nats://actor:secret@127.0.0.1:4222": "Connected to nats at nats://actor:…@127.0.0.1:4222",
		"Connected to nats at nats://127.0.0.1:4222, a@b":         "Connected to nats at nats://127.0.0.1:4222, a@b",
	} {
		if got := withoutPasswords(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Sentry must not start without the list of who may have a certificate: Dapr's
// own would give them to everybody.
func TestSentryWantsToKnowWhomItTrusts(t *testing.T) {
	err := runSentry([]string{"--config=" + filepath.Join(t.TempDir(), "missing.yaml"), "--enable-metrics=false"})
	if err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("it started with %v", err)
	}
	if err := runSentry([]string{"--jwt-enabled"}); err == nil || !strings.Contains(err.Error(), "no JWTs") {
		t.Errorf("it issues JWTs: %v", err)
	}
}

// TestWhoMayCallWhom holds the rules against what each app needs, as Dapr reads
// them.
func TestWhoMayCallWhom(t *testing.T) {
	conf, err := config.LoadStandaloneConfiguration("../config.yaml", "../access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if conf.Spec.NameResolutionSpec == nil || conf.Spec.TracingSpec.SamplingRate != "0" {
		t.Error("access.yaml has undone config.yaml")
	}
	list, err := acl.ParseAccessControlSpec(conf.Spec.AccessControlSpec, false)
	if err != nil {
		t.Fatal(err)
	}
	if list.DefaultAction != config.DenyAccess || list.TrustDomain != "public" || len(list.PolicySpec) != 6 {
		t.Errorf("%+v", list)
	}
	// A caller asks which of several event sources is ready.
	reads := []string{"read-stream", "read-all", "find-keys", "ready"}
	for app, may := range map[string][]string{
		"actor":          append([]string{"append"}, reads...),
		"eventsource":    reads,
		"eventsource-m2": reads,
		"eventsource-m3": reads,
		"projector":      {"read-stream", "read-all", "ready"},
		"server":         append([]string{"status"}, reads...),
	} {
		policy := list.PolicySpec[app+"||default"]
		for _, method := range []string{"append", "read-stream", "read-all", "find-keys", "ready", "status", "anything"} {
			found := policy.AppOperationActions.Search("/" + method)
			if allowed := found != nil && found.OperationAction == config.AllowAccess; allowed != slices.Contains(may, method) {
				t.Errorf("%s may call %s: %t", app, method, allowed)
			}
		}
		if policy.DefaultAction != config.DenyAccess {
			t.Errorf("%s may call what is not in the list", app)
		}
	}
}

func TestSidecarsFindEachOtherWithoutTheNetwork(t *testing.T) {
	names := registry.New(builtin(logger.NewLogger("test"))).NameResolutions()
	for _, resolver := range []string{"sqlite", "mdns"} {
		if _, err := names.Create(resolver, "v1", ""); err != nil {
			t.Errorf("%s: %v", resolver, err)
		}
	}
	if _, err := names.Create("consul", "v1", ""); err == nil {
		t.Error("a resolver that is not built in was not refused")
	}
}

// A new version of Dapr may bring new flags; each must reach the runtime.
func TestEveryFlagReachesTheRuntime(t *testing.T) {
	var opts options.Options
	flags := reflect.ValueOf(&opts).Elem()
	for i := range flags.NumField() {
		if !setSomething(flags.Field(i)) {
			t.Logf("flag %s is a structure and is carried over by hand", flags.Type().Field(i).Name)
		}
	}
	byHand := []string{"Registry", "Security", "Healthz", "Metrics", "WorkflowEventSink"}
	carried := reflect.ValueOf(*sidecarConfig(&opts))
	for i := range carried.NumField() {
		name := reflect.TypeFor[runtime.Config]().Field(i).Name
		if carried.Field(i).IsZero() && !slices.Contains(byHand, name) {
			t.Errorf("the flag for %s is read and then ignored", name)
		}
	}
}

// setSomething gives a field a value that is not its zero value.
func setSomething(field reflect.Value) bool {
	switch field.Kind() {
	case reflect.String:
		field.SetString("7")
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Int, reflect.Int64:
		field.SetInt(7)
	case reflect.Uint:
		field.SetUint(7)
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	default:
		return false
	}
	return true
}

func TestASidecarThatWillNotStopIsEnded(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	go func() {
		<-started
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
	}()
	err := runUntilStopped(time.Millisecond, func(context.Context) error {
		close(started)
		<-release
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "still busy after 1ms") {
		t.Errorf("got %v, want an error that says it was still busy", err)
	}
}

func TestASidecarThatStopsInTimeIsNotHurried(t *testing.T) {
	err := runUntilStopped(time.Hour, func(ctx context.Context) error {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Errorf("got %v, want a quiet end", err)
	}
}
