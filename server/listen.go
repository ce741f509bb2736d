package server

import (
	"net"

	"corebank/server/connlimit"
)

// Bounds of the connections to the public endpoint.
const (
	// DefaultMaxPerAddress bounds those of one address, of every kind.
	DefaultMaxPerAddress = 15_000
	// requestConnections are those for requests, beside websockets and event streams.
	requestConnections = 5_000
	// ownDescriptors are for what the gateway itself has open: views, sidecar, logs.
	ownDescriptors = 96
	minConnections = 16
)

// listen opens the public endpoint. Beyond the bounds a connection is answered with
// 503, before the process runs out of descriptors; the open ones go on. The bound of
// websockets and event streams is lowered to three quarters of that of all, so that
// requests and health checks find room.
func (c *Config) listen() (net.Listener, *connlimit.Limiter, error) {
	lis, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, nil, err
	}
	c.Transports = c.Transports.withDefaults()
	total := c.Transports.MaxConnections + requestConnections
	if descriptors := maxDescriptors(); descriptors > 0 {
		total = max(min(total, descriptors-ownDescriptors-connlimit.MaxRefusals), minConnections)
	}
	c.Transports.MaxConnections = min(c.Transports.MaxConnections, total*3/4)
	perAddress := c.MaxPerAddress
	if perAddress <= 0 {
		perAddress = total
	}
	limits := connlimit.New(total, perAddress)
	return connlimit.Listen(lis, limits), limits, nil
}
