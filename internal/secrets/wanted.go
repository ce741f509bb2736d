package secrets

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"corebank/internal/contract"
)

// Wanted says which secrets of an installation are made, and for where.
type Wanted struct {
	// Passwords adds those that the databases keep.
	Passwords bool
	// Kubernetes is the prefix of the names of Secrets; without it, the lines are for docker
	// compose.
	Kubernetes string
	// Broker is where NATS is, if it is not the chart's, and Partitions how many the log has:
	// both for Kubernetes only.
	Broker     string
	Partitions int
	// Machines is how many event sources there are, of which one works. 0 is one.
	Machines int
}

// MaxMachines is how many event sources the components know.
const MaxMachines = 3

// Check refuses what nothing would use.
func (w Wanted) Check() error {
	switch {
	case w.Kubernetes == "" && (w.Broker != "" || w.Partitions > 1):
		return errors.New("--broker and --partitions are for --kubernetes; give its prefix, or leave them out")
	case w.Machines < 0 || w.Machines > MaxMachines:
		return fmt.Errorf("--machines %d: want 1 to %d, as many as there are event sources", w.Machines, MaxMachines)
	case w.Machines > 1 && w.Partitions > 1:
		return errors.New("--machines and --partitions: only a log with one partition has event sources that stand by; " +
			"leave one of the two out")
	}
	return nil
}

// logApps are the apps of the log beside the one that every installation has.
func (w Wanted) logApps() []string {
	return slices.Concat(contract.PartitionApps(w.Partitions), contract.StandbyEventSources(w.Machines))
}

// Text is a new set as a text.
func (w Wanted) Text(now time.Time) (string, error) {
	set, err := New(now, w.logApps()...)
	if err != nil {
		return "", err
	}
	if w.Kubernetes != "" {
		return w.manifests(set)
	}
	if w.Passwords {
		return Lines(Passwords()) + set.Environment(), nil
	}
	return set.Environment(), nil
}

func (w Wanted) manifests(set Set) (lasting string, err error) {
	if w.Passwords {
		if lasting, err = kubernetesPasswords(w.Kubernetes); err != nil {
			return "", err
		}
	}
	broker := w.Broker
	if broker == "" {
		broker = w.Kubernetes + "-nats:4222"
	}
	rest, err := set.kubernetes(w.Kubernetes, broker, w.logApps())
	return lasting + rest, err
}
