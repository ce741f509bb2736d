package chart

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	components "github.com/dapr/dapr/pkg/apis/components/v1alpha1"
	configuration "github.com/dapr/dapr/pkg/apis/configuration/v1alpha1"
	resiliency "github.com/dapr/dapr/pkg/apis/resiliency/v1alpha1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"
)

func readObject(t *testing.T, into any, path ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{root, "components"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestTheChartHasTheBanksComponents: the sidecars have the same components and rules on
// a cluster as under docker compose, but for the namespace.
func TestTheChartHasTheBanksComponents(t *testing.T) {
	made, err := render(t, readValues(t, "testdata/small.values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, o := range objects(t, made) {
		switch got := o.value.(type) {
		case *components.Component:
			var want components.Component
			readObject(t, &want, "compose", got.Name+".yaml")
			if !equality.Semantic.DeepEqual(got.Spec, want.Spec) || fmt.Sprint(got.Scopes) != fmt.Sprint(want.Scopes) {
				t.Errorf("the component %s is\n%+v\n%v\nwant\n%+v\n%v", got.Name, got.Spec, got.Scopes, want.Spec, want.Scopes)
			}
		case *resiliency.Resiliency:
			var want resiliency.Resiliency
			readObject(t, &want, "resiliency.yaml")
			if !equality.Semantic.DeepEqual(got.Spec, want.Spec) {
				t.Errorf("the resiliency is %+v, want %+v", got.Spec, want.Spec)
			}
		case *configuration.Configuration:
			var want configuration.Configuration
			readObject(t, &want, "access.yaml")
			if rules, wanted := rulesOf(got, namespace), rulesOf(&want, "default"); !maps.Equal(rules, wanted) {
				t.Errorf("who may call whom is %v, want %v", rules, wanted)
			}
		default:
			continue
		}
		compared++
	}
	if compared != 5 {
		t.Errorf("%d objects of Dapr were compared, want 5", compared)
	}
}

// rulesOf are the calls that an access control allows, as texts.
func rulesOf(c *configuration.Configuration, namespace string) map[string]bool {
	rules := make(map[string]bool)
	spec := c.Spec.AccessControlSpec
	rules["default "+spec.DefaultAction+" "+spec.TrustDomain] = true
	for _, policy := range spec.AppPolicies {
		who := fmt.Sprintln(policy.AppName, policy.DefaultAction, policy.TrustDomain, policy.Namespace == namespace)
		for _, operation := range policy.AppOperationActions {
			rules[fmt.Sprint(who, operation.Operation, operation.HTTPVerb, operation.Action)] = true
		}
	}
	return rules
}

// TestWrongValuesAreRefused: by the schema, or with what to do.
func TestWrongValuesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change map[string]any
		want   string
	}{
		"no issuer":              {map[string]any{"identity": map[string]any{"issuer": ""}}, "issuer"},
		"an issuer without TLS":  {map[string]any{"identity": map[string]any{"issuer": "http://login.test"}}, "issuer"},
		"a value that is a typo": {map[string]any{"actors": map[string]any{"replicas": 2}}, "actors"},
		"no gateway":             {map[string]any{"server": map[string]any{"replicas": 0}}, "replicas"},
		"too many partitions":    {map[string]any{"partitions": 65}, "partitions"},
		"an ingress without TLS": {map[string]any{"server": map[string]any{"ingress": map[string]any{"enabled": true,
			"host": "bank.example.org"}}}, "tlsSecret"},
		"event sources that stand by for partitions": {map[string]any{"partitions": 3,
			"eventsource": map[string]any{"replicas": 3}}, "stand by"},
		"two copies of the log":     {map[string]any{"immudb": map[string]any{"replicas": 2}}, "replicas"},
		"two members of the broker": {map[string]any{"nats": map[string]any{"replicas": 2}}, "replicas"},
		"a variable of another kind": {map[string]any{"telemetry": map[string]any{
			"environment": map[string]any{"PATH": "/"}}}, "PATH"},
		"an address without its port": {map[string]any{"immudb": map[string]any{"enabled": false,
			"address": "a:1,b"}}, "address"},
		"no immudb": {map[string]any{"immudb": map[string]any{"enabled": false}}, "immudb.address"},
	} {
		values := readValues(t, "testdata/small.values.yaml")
		for key, value := range test.change {
			values[key] = value
		}
		if _, err := render(t, values); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error about %s", name, err, test.want)
		}
	}
}
