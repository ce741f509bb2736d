package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	components "github.com/dapr/dapr/pkg/apis/components/v1alpha1"
	configuration "github.com/dapr/dapr/pkg/apis/configuration/v1alpha1"
	resiliency "github.com/dapr/dapr/pkg/apis/resiliency/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const (
	root      = "../.."
	directory = root + "/charts/corebank"
	release   = "bank"
	namespace = "money"
)

// written are the golden files of the values in testdata.
//
//go:generate env GENERATE=1 go test -count=1 -run TestWhatIsMadeIsAsCommitted .
func writing() bool { return os.Getenv("GENERATE") != "" }

func load(t *testing.T) *helmchart.Chart {
	t.Helper()
	c, err := loader.Load(directory)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render is what "helm template" makes, by the template.
func render(t *testing.T, values map[string]any) (map[string]string, error) {
	t.Helper()
	c := load(t)
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	made, err := engine.Render(c, all)
	maps.DeleteFunc(made, func(name, text string) bool {
		return strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".tpl") || strings.TrimSpace(text) == ""
	})
	return made, err
}

func readValues(t *testing.T, path string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// valuesFiles are the values of the banks that the tests make, by their names.
func valuesFiles(t *testing.T) map[string]string {
	t.Helper()
	found, err := filepath.Glob("testdata/*.values.yaml")
	if err != nil || len(found) < 3 {
		t.Fatalf("there are %d files of values, %v", len(found), err)
	}
	files := make(map[string]string)
	for _, path := range found {
		files[strings.TrimSuffix(filepath.Base(path), ".values.yaml")] = path
	}
	return files
}

func TestHelmFindsNothing(t *testing.T) {
	for name, path := range valuesFiles(t) {
		for _, message := range lint.All(directory, readValues(t, path), namespace, true).Messages {
			if message.Severity > support.InfoSev {
				t.Errorf("%s: %s", name, message)
			}
		}
	}
}

func TestWhatIsMadeIsAsCommitted(t *testing.T) {
	for name, path := range valuesFiles(t) {
		made, err := render(t, readValues(t, path))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var text strings.Builder
		for _, template := range slices.Sorted(maps.Keys(made)) {
			fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", template, withoutAlerts(t, strings.Trim(made[template], "\n")))
		}
		golden := filepath.Join("testdata", name+".golden.yaml")
		if writing() {
			if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(golden)
		if err != nil || string(committed) != text.String() {
			t.Errorf("%s is not what the chart makes (%v); run go -C check/chart generate ./...", golden, err)
		}
	}
}

// kinds are the types of the objects that are not Kubernetes' own.
var kinds = map[schema.GroupVersionKind]func() any{
	{Group: "dapr.io", Version: "v1alpha1", Kind: "Component"}:     func() any { return new(components.Component) },
	{Group: "dapr.io", Version: "v1alpha1", Kind: "Configuration"}: func() any { return new(configuration.Configuration) },
	{Group: "dapr.io", Version: "v1alpha1", Kind: "Resiliency"}:    func() any { return new(resiliency.Resiliency) },
	monitoring.SchemeGroupVersion.WithKind("PodMonitor"):           func() any { return new(monitoring.PodMonitor) },
	monitoring.SchemeGroupVersion.WithKind("PrometheusRule"):       func() any { return new(monitoring.PrometheusRule) },
}

// objects decodes what was made, and fails for a field that its type does not have or
// that stands twice.
func objects(t *testing.T, made map[string]string) (all []object) {
	t.Helper()
	for template, text := range made {
		reader := utilyaml.NewYAMLReader(newBuffer(text))
		for {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(bytes.TrimSpace(withoutComments(document))) == 0 {
				continue
			}
			one, err := decode(document)
			if err != nil {
				t.Errorf("%s: %v\n%s", template, err, document)
				continue
			}
			all = append(all, one)
		}
	}
	return all
}

type object struct {
	kind, name string
	value      any
}

func decode(document []byte) (o object, err error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct{ Name string }
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return o, err
	}
	kind := schema.FromAPIVersionAndKind(head.APIVersion, head.Kind)
	var value any
	if make, known := kinds[kind]; known {
		value = make()
	} else if value, err = scheme.Scheme.New(kind); err != nil {
		return o, err
	}
	if head.Metadata.Name == "" {
		return o, fmt.Errorf("a %s has no name", head.Kind)
	}
	return object{head.Kind, head.Metadata.Name, value}, yaml.UnmarshalStrict(document, value)
}

var _ runtime.Object = (*components.Component)(nil)

func TestEveryObjectIsOfItsType(t *testing.T) {
	for name, path := range valuesFiles(t) {
		made, err := render(t, readValues(t, path))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		seen := make(map[string]bool)
		for _, o := range objects(t, made) {
			if key := o.kind + " " + o.name; seen[key] {
				t.Errorf("%s: there are two of %s", name, key)
			} else {
				seen[key] = true
			}
		}
		if len(seen) < 20 {
			t.Errorf("%s makes %d objects only", name, len(seen))
		}
	}
	if _, err := decode([]byte("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {port: 80}\n")); err == nil {
		t.Error("a field that does not exist is not noticed")
	}
}
