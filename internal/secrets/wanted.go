package secrets

import (
	"errors"
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
}

// Check refuses what docker-compose.yml would not use.
func (w Wanted) Check() error {
	if w.Kubernetes == "" && (w.Broker != "" || w.Partitions > 1) {
		return errors.New("--broker and --partitions are for --kubernetes; give its prefix, or leave them out")
	}
	return nil
}

// Text is a new set as a text.
func (w Wanted) Text(now time.Time) (string, error) {
	set, err := New(now, contract.PartitionApps(w.Partitions)...)
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
	rest, err := set.kubernetes(w.Kubernetes, broker, w.Partitions)
	return lasting + rest, err
}
