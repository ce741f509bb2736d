package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// made is what a chart makes, in the kinds that the rules below are about.
type made struct {
	pods     map[string]core.PodTemplateSpec // by the name of what makes them
	replicas map[string]int                  // of StatefulSets and Deployments
	policies map[string]*networking.NetworkPolicy
	budgets  map[string]*policy.PodDisruptionBudget
}

func makeAll(t *testing.T, path string) made {
	t.Helper()
	rendered, err := render(t, readValues(t, path))
	if err != nil {
		t.Fatal(err)
	}
	m := made{pods: make(map[string]core.PodTemplateSpec), replicas: make(map[string]int),
		policies: make(map[string]*networking.NetworkPolicy), budgets: make(map[string]*policy.PodDisruptionBudget)}
	for _, o := range objects(t, rendered) {
		switch v := o.value.(type) {
		case *apps.StatefulSet:
			m.pods[o.name], m.replicas[o.name] = v.Spec.Template, int(*v.Spec.Replicas)
		case *apps.Deployment:
			m.pods[o.name], m.replicas[o.name] = v.Spec.Template, int(*v.Spec.Replicas)
		case *batch.Job:
			m.pods[o.name] = v.Spec.Template
		case *batch.CronJob:
			m.pods[o.name] = v.Spec.JobTemplate.Spec.Template
		case *networking.NetworkPolicy:
			m.policies[o.name] = v
		case *policy.PodDisruptionBudget:
			m.budgets[o.name] = v
		}
	}
	return m
}

// selects reports whether a selector takes the pods of a part.
func selects(t *testing.T, s *meta.LabelSelector, pod core.PodTemplateSpec) bool {
	t.Helper()
	selector, err := meta.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(labels.Set(pod.Labels))
}

// reaches reports whether the network policies let a pod reach a port of another one.
func (m made) reaches(t *testing.T, from, to, port string) bool {
	t.Helper()
	for _, p := range m.policies {
		if !selects(t, &p.Spec.PodSelector, m.pods[to]) {
			continue
		}
		for _, rule := range p.Spec.Ingress {
			open := slices.ContainsFunc(rule.Ports, func(one networking.NetworkPolicyPort) bool {
				return one.Port.String() == port
			})
			if open && slices.ContainsFunc(rule.From, func(peer networking.NetworkPolicyPeer) bool {
				return peer.PodSelector != nil && selects(t, peer.PodSelector, m.pods[from])
			}) {
				return true
			}
		}
	}
	return false
}

// argument is the value of a flag of the one container of a pod; empty without it.
func argument(pod core.PodTemplateSpec, flag string) string {
	for _, given := range pod.Spec.Containers[0].Args {
		if value, is := strings.CutPrefix(given, flag+"="); is {
			return value
		}
	}
	return ""
}

// TestEachPodReachesWhatItUses: a network policy that forgets one of several event sources
// would be noticed when that one has to take over, and not before.
func TestEachPodReachesWhatItUses(t *testing.T) {
	for name, path := range valuesFiles(t) {
		m := makeAll(t, path)
		tried := 0
		for pod, template := range m.pods {
			uses := func(to, port string) {
				if _, ours := m.pods[to]; ours {
					tried++
					if !m.reaches(t, pod, to, port) {
						t.Errorf("%s: %s does not reach port %s of %s", name, pod, port, to)
					}
				}
			}
			for _, env := range template.Spec.Containers[0].Env {
				if env.Name == "COREBANK_BROKER" || env.Name == "COREBANK_URL" {
					uses(release+"-nats", "client")
				}
			}
			if strings.Contains(argument(template, "--immudb"), release+"-immudb") {
				uses(release+"-immudb", "grpc")
			}
		}
		if m.replicas[release+"-immudb"] > 1 && !m.reaches(t, release+"-immudb", release+"-immudb", "grpc") {
			t.Errorf("%s: no copy of the log reaches the primary", name)
		}
		if m.replicas[release+"-nats"] > 1 && !m.reaches(t, release+"-nats", release+"-nats", "members") {
			t.Errorf("%s: the members of the broker do not reach each other", name)
		}
		if want := 5; name != "production" && tried < want { // whose databases others run
			t.Errorf("%s: only %d ways were tried", name, tried)
		}
	}
}

// TestABankOnThreeMachinesAgreesWithItself: each event source has the addresses of all
// copies, in the same order, and those who ask event sources know all of them.
func TestABankOnThreeMachinesAgreesWithItself(t *testing.T) {
	m := makeAll(t, "testdata/machines.values.yaml")
	var copies, ids []string
	for n := range m.replicas[release+"-immudb"] {
		copies = append(copies, fmt.Sprintf("%[1]s-immudb-%[2]d.%[1]s-immudb:3322", release, n))
	}
	for _, name := range slices.Sorted(maps.Keys(m.pods)) {
		pod := m.pods[name]
		if pod.Labels["corebank/event-source"] != "true" {
			continue
		}
		ids = append(ids, pod.Annotations["dapr.io/app-id"])
		if argument(pod, "--lease") == "" || argument(pod, "--immudb") != strings.Join(copies, ",") || m.replicas[name] != 1 {
			t.Errorf("%s, %d times, has the arguments %q", name, m.replicas[name], pod.Spec.Containers[0].Args)
		}
	}
	if len(copies) != 3 || len(ids) != 3 {
		t.Errorf("there are %d copies of the log and %d event sources", len(copies), len(ids))
	}
	for _, app := range []string{"server", "actor", "projector"} {
		if got := argument(m.pods[release+"-"+app], "--event-sources"); got != strings.Join(ids, ",") {
			t.Errorf("%s asks the event sources %s, want %v", app, got, ids)
		}
	}
	if m.replicas[release+"-projector"] < 2 || argument(m.pods[release+"-projector"], "--lease") == "" {
		t.Error("no projector stands by, or they do not know of each other")
	}
	// What must not lose two at once has a budget that says so.
	for name, replicas := range m.replicas {
		pod, guarded := m.pods[name], false
		for _, budget := range m.budgets {
			guarded = guarded || selects(t, budget.Spec.Selector, pod) && budget.Spec.MaxUnavailable.IntValue() == 1
		}
		if several := replicas > 1 || pod.Labels["corebank/event-source"] != ""; guarded != several {
			t.Errorf("%s, %d times, has a disruption budget: %t", name, replicas, guarded)
		}
	}
}
