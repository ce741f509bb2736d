package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// The range to pick from is below the ports that systems give to outgoing
// connections: any of those could take the port of a part that is just being
// started again.
const (
	portMin     = 20000
	portMax     = 32000
	maxAttempts = 2000
)

// Held is a set of ports that are held.
type Held struct {
	mu        sync.Mutex
	listeners map[string]net.Listener
}

// New returns an empty set.
func New() *Held { return &Held{listeners: make(map[string]net.Listener)} }

// Pick holds a free port and returns its address.
func (h *Held) Pick() (string, error) {
	var last error
	for range maxAttempts {
		lis, err := net.Listen("tcp", Loopback(portMin+rand.IntN(portMax-portMin)))
		if err == nil {
			return h.Hold(lis), nil
		}
		last = err
	}
	return "", fmt.Errorf("no free port between %d and %d on 127.0.0.1: %w; stop the programs that use them",
		portMin, portMax, last)
}

// Hold adds the port of a listener and returns its address.
func (h *Held) Hold(lis net.Listener) (address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	address = lis.Addr().String()
	h.listeners[address] = lis
	return address
}

// Free releases ports for the programs that are about to listen on them.
func (h *Held) Free(addresses ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var failed error
	for _, address := range addresses {
		if lis := h.listeners[address]; lis != nil {
			failed = errors.Join(failed, lis.Close())
			delete(h.listeners, address)
		}
	}
	return failed
}

// FreeAll releases all ports.
func (h *Held) FreeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, lis := range h.listeners {
		_ = lis.Close()
	}
	clear(h.listeners)
}

// Loopback is the address of a port of this machine.
func Loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Of is the port of an address.
func Of(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err) // an address that was not made here
	}
	return port
}
