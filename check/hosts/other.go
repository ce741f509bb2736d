//go:build !linux

package hosts

import (
	"errors"
	"net/netip"
	"time"
)

var errUnsupported = errors.New("hosts are namespaces of Linux; run it in a Linux container")

// Network is hosts on Linux, and nothing elsewhere.
type Network struct{}

// Supported is why no network can be made.
func Supported() error { return errUnsupported }

// New fails.
func New(int) (*Network, error) { return nil, errUnsupported }

// Address is none.
func (*Network) Address(int) netip.Addr { return netip.Addr{} }

// Namespace is none.
func (*Network) Namespace(int) string { return "" }

// Drop fails.
func (*Network) Drop(int, int) error { return errUnsupported }

// Heal fails.
func (*Network) Heal() error { return errUnsupported }

// Close has nothing to do.
func (*Network) Close() error { return nil }

// Entry is how a program is run in a host.
type Entry struct {
	Host             int
	Namespace, Syncs string
}

// Become fails.
func (Entry) Become(string, string, []string) error { return errUnsupported }

// Syncs are those of programs in hosts on Linux, and nothing elsewhere.
type Syncs struct{}

// ServeSyncs fails.
func ServeSyncs(string, int) (*Syncs, error) { return nil, errUnsupported }

// Delay does nothing.
func (*Syncs) Delay(int, time.Duration) {}

// Close has nothing to do.
func (*Syncs) Close() error { return nil }
