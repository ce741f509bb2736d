package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// The ports to pick from: below those that systems give to outgoing
// connections, any of which could take the port of a part that is just being
// started again.
const (
	portLeast    = 20000
	portMost     = 32000
	portAttempts = 2000
)

// ports picks free ports on the loopback interface, and holds them until the
// parts they are for are started, so that nobody else picks them meanwhile.
type ports struct {
	mu   sync.Mutex
	held map[string]net.Listener
}

func newPorts() *ports { return &ports{held: make(map[string]net.Listener)} }

// pick holds a free port and returns its address.
func (p *ports) pick() (string, error) {
	var last error
	for range portAttempts {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(portLeast+rand.IntN(portMost-portLeast)))
		lis, err := net.Listen("tcp", address)
		if err != nil {
			last = err
			continue
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held[address] = lis
		return address, nil
	}
	return "", fmt.Errorf("no free port between %d and %d on 127.0.0.1: %w; stop what uses them", portLeast, portMost, last)
}

// hold holds the port of a listener as one that was picked.
func (p *ports) hold(lis net.Listener) (address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	address = lis.Addr().String()
	p.held[address] = lis
	return address
}

// free lets go of ports, for the parts that are about to listen there.
func (p *ports) free(addresses ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var failed error
	for _, address := range addresses {
		if lis := p.held[address]; lis != nil {
			failed = errors.Join(failed, lis.Close())
			delete(p.held, address)
		}
	}
	return failed
}

func (p *ports) freeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, lis := range p.held {
		_ = lis.Close()
	}
	clear(p.held)
}

// portOf is the port of an address.
func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err) // addresses are made here
	}
	return port
}
