package connlimit

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// The answer to a connection beyond the limits.
const (
	busy = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 51\r\n\r\n" +
		"Too many connections are open; try again later.   \n"
	refusalTime = time.Second
)

// MaxRefusals bounds the connections that are answered so at a time, beside those
// within the limits; the others are closed.
const MaxRefusals = 32

// Listen is a listener that answers connections beyond the limits of the limiter
// with 503. An address that a client can use counts as a caller.
func Listen(inner net.Listener, limits *Limiter) net.Listener {
	return &listener{Listener: inner, limits: limits, refusals: make(chan struct{}, MaxRefusals)}
}

type listener struct {
	net.Listener
	limits   *Limiter
	refusals chan struct{} // has a value for each that is being answered
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if release, ok := l.enter(raw); ok {
			return &Conn{Conn: raw, release: release}, nil
		}
		select {
		case l.refusals <- struct{}{}:
			go l.refuse(raw)
		default:
			_ = raw.Close() // it may have gone
		}
	}
}

func (l *listener) enter(raw net.Conn) (release func(), ok bool) {
	releaseTotal, ok := l.limits.Acquire()
	if !ok {
		return nil, false
	}
	releaseAddress, ok := l.limits.AcquireFor(Network(raw.RemoteAddr().String()))
	if !ok {
		releaseTotal()
		return nil, false
	}
	return func() { releaseAddress(); releaseTotal() }, true
}

// refuse answers a connection and reads what it sends for a moment: closing it with
// unread bytes would discard the answer.
func (l *listener) refuse(raw net.Conn) {
	defer func() { <-l.refusals }()
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(refusalTime)) // if it fails, so does the rest
	if _, err := io.WriteString(raw, busy); err != nil {
		return
	}
	if half, can := raw.(interface{ CloseWrite() error }); can && half.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, raw, 64<<10) // it ends with an error
	}
}

// Conn is a connection that counts until it is closed.
type Conn struct {
	net.Conn
	release func()
	closed  sync.Once
	pace    atomic.Pointer[rate.Limiter]
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.closed.Do(c.release)
	return c.Conn.Close()
}

// Pace bounds how many bytes per second are read from now on, after a burst.
// Whatever the client sends, it costs no more.
func (c *Conn) Pace(bytesPerSecond, burst int) {
	c.pace.Store(rate.NewLimiter(rate.Limit(bytesPerSecond), burst))
}

// maxPause bounds how long one read may be delayed.
const maxPause = time.Second

// Read reads at the pace of the connection.
func (c *Conn) Read(to []byte) (int, error) {
	n, err := c.Conn.Read(to)
	if pace := c.pace.Load(); pace != nil && n > 0 {
		if pause := pace.ReserveN(time.Now(), min(n, pace.Burst())).Delay(); pause > 0 {
			time.Sleep(min(pause, maxPause))
		}
	}
	return n, err
}

// Network is the range of addresses that one client can use: an IPv4 address, or
// the 64 bits of an IPv6 network.
func Network(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}
