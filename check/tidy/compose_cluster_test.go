package tidy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/internal/secrets"
)

// clusterFile runs the bank on three machines in containers.
const clusterFile = "compose.cluster.yaml"

const machinesOfCluster = 3

// partsOfMachine are the services of each machine, by what comes after their names.
var partsOfMachine = []string{"machine-%d", "immudb-%d", "nats-%d", "sentry-%d", "placement-%d", "server-%d",
	"server-%d-dapr", "actor-%d", "actor-%d-dapr", "eventsource-%d", "eventsource-%d-dapr", "projector-%d",
	"projector-%d-dapr"}

// TestTheMachinesOfTheClusterAreAlike: each has every part, which is what is lost with it,
// and shares the network of that machine and nothing else.
func TestTheMachinesOfTheClusterAreAlike(t *testing.T) {
	file, _ := readComposed(t, clusterFile)
	once := []string{"demo-issuer", "topic"}
	if got, want := len(file.Services), machinesOfCluster*len(partsOfMachine)+len(once); got != want {
		t.Errorf("there are %d services, want %d", got, want)
	}
	for number := 1; number <= machinesOfCluster; number++ {
		holder := fmt.Sprintf("machine-%d", number)
		for _, part := range partsOfMachine {
			name := fmt.Sprintf(part, number)
			s, there := file.Services[name]
			first := file.Services[fmt.Sprintf(part, 1)]
			switch {
			case !there:
				t.Errorf("there is no %s", name)
			case name == holder && (len(s.Ports) != 1 || !strings.HasPrefix(s.Ports[0], "127.0.0.1:")):
				t.Errorf("%s publishes %v; want its gateway, for this machine only: anybody can sign in", name, s.Ports)
			case name != holder && (s.NetworkMode != "service:"+holder || len(s.Ports) > 0):
				t.Errorf("%s has the network %q and publishes %v, want that of %s", name, s.NetworkMode, s.Ports, holder)
			case s.Image != first.Image || s.Restart != "unless-stopped":
				t.Errorf("%s runs %s, restart %s; on the first machine it is %s", name, s.Image, s.Restart, first.Image)
			}
			for needed := range s.DependsOn {
				if !strings.Contains(needed, fmt.Sprintf("-%d", number)) && !slices.Contains(once, needed) {
					t.Errorf("%s waits for %s, which is on another machine", name, needed)
				}
			}
		}
	}
}

// TestTheClusterIsSetUpAsUpDoes: every process has the same addresses in the same order, and
// the names that the components know.
func TestTheClusterIsSetUpAsUpDoes(t *testing.T) {
	file, text := readComposed(t, clusterFile)
	apps := contract.EventSources(machinesOfCluster)
	sources := "--event-sources=" + strings.Join(apps, ",")
	for number := 1; number <= machinesOfCluster; number++ {
		for part, want := range map[string][]any{
			"server-%d": {sources}, "actor-%d": {sources}, "projector-%d": {sources},
			"eventsource-%d": {"--immudb=machine-1:3322,machine-2:3322,machine-3:3322", "--copies=2", "--lease=eventsource"},
			"eventsource-%d-dapr": {"--app-id=" + apps[number-1], "--dapr-internal-grpc-port=50002", "--enable-mtls",
				"--config=/components/access.yaml"},
			"actor-%d-dapr": {"--placement-host-address=machine-1:50006,machine-2:50006,machine-3:50006", "--enable-mtls",
				"--config=/components/access.yaml"},
			"placement-%d": {fmt.Sprintf("--id=dapr-placement-%d", number-1), "--tls-enabled"},
			"nats-%d":      {"--config=/etc/corebank/cluster.conf"},
		} {
			name := fmt.Sprintf(part, number)
			for _, flag := range want {
				if !slices.Contains(arguments(file.Services[name].Command), flag) {
					t.Errorf("%s has no %s", name, flag)
				}
			}
		}
		// The components look for an event source at the name of its sidecar.
		host := fmt.Sprintf("- %s-dapr=${COREBANK_CLUSTER_NET:-172.28.93}.1%d\n", apps[number-1], number)
		if !strings.Contains(text, host) {
			t.Errorf("the machines do not have %q", host)
		}
	}
}

// TestTheClusterHasItsSecrets: one command prints all that the file asks for.
func TestTheClusterHasItsSecrets(t *testing.T) {
	printed, err := secrets.Wanted{Passwords: true, Machines: machinesOfCluster}.Text(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, text := readComposed(t, clusterFile)
	asked := regexp.MustCompile(`\$\{(\w+)|environment: (SECRET_\w+|IMMUDB_\w+)`).FindAllStringSubmatch(text, -1)
	if len(asked) < 30 {
		t.Fatalf("the file has %d variables", len(asked))
	}
	for _, match := range asked {
		name := match[1] + match[2]
		if !strings.HasPrefix(name, "COREBANK_CLUSTER_") && !strings.Contains("\n"+printed, "\n"+name+"='") {
			t.Errorf("%s is not among the secrets that are printed", name)
		}
	}
}
