package hosts

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Network is hosts, numbered from 1, and the router between them. Number 0 is this machine,
// which reaches them all.
type Network struct {
	subnet  byte
	router  *os.File
	hosts   []*os.File // their namespaces
	here    *netlink.Handle
	ways    *netlink.Handle // of the router
	link    netlink.Link    // from here to the router
	dropped []*netlink.Rule
}

// Supported is why no network can be made; nil if one can.
func Supported() error {
	n, err := New(1)
	if err != nil {
		return err
	}
	return n.Close()
}

// New makes a network of so many hosts.
func New(hosts int) (n *Network, err error) {
	n = new(Network)
	defer func() {
		if err != nil {
			err = fmt.Errorf("make a network of hosts, for which root is needed on Linux: %w", errors.Join(err, n.Close()))
		}
	}()
	if n.router, err = newNamespace(forward); err != nil {
		return n, err
	}
	if n.here, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return n, err
	}
	if n.ways, err = handleIn(n.router); err != nil {
		return n, err
	}
	if err := n.connectHere(); err != nil {
		return n, err
	}
	for number := 1; number <= hosts; number++ {
		if err := n.addHost(number); err != nil {
			return n, err
		}
	}
	return n, nil
}

// newNamespace makes a namespace, and does something in it.
func newNamespace(do func() error) (file *os.File, err error) {
	err = visit(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() (err error) {
		if file, err = os.Open(ownNamespace); err == nil {
			err = do()
		}
		return err
	})
	return file, err
}

const ownNamespace = "/proc/thread-self/ns/net"

// visit has a thread enter another network, do something there, and return.
func visit(enter, do func() error) error {
	runtime.LockOSThread()
	own, err := os.Open(ownNamespace)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer own.Close()
	err = enter()
	if err == nil {
		err = do()
	}
	if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, back) // the thread stays locked, and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return err
}

// forward has this network pass on what comes from one host for another. A host that may be
// heard and not reached is no reason to drop what it sends (rp_filter).
func forward() error {
	for _, setting := range []struct{ name, value string }{
		{"ip_forward", "1"}, {"conf/all/rp_filter", "0"}, {"conf/default/rp_filter", "0"},
	} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+setting.name, []byte(setting.value), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func handleIn(namespace *os.File) (*netlink.Handle, error) {
	return netlink.NewHandleAt(netns.NsHandle(namespace.Fd()), unix.NETLINK_ROUTE)
}

// The addresses are of the range that is reserved for measuring networks. Each host has a
// block of four with the end of the router and its own.
const (
	rangeBegins = "198.18.0.0"
	blockSize   = 4
	blockBits   = 30
	subnetBits  = 24
	subnetTries = 50
)

func (n *Network) address(host, end int) netip.Addr {
	bytes := netip.MustParseAddr(rangeBegins).As4()
	bytes[2], bytes[3] = n.subnet, byte(blockSize*host+end)
	return netip.AddrFrom4(bytes)
}

// Address is that of a host.
func (n *Network) Address(host int) netip.Addr { return n.address(host, 2) }

// gateway is the router's own end of its link to a host.
func (n *Network) gateway(host int) netip.Addr { return n.address(host, 1) }

// Namespace is the path of a host's namespace, as long as this process runs.
func (n *Network) Namespace(host int) string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.hosts[host-1].Fd())
}

// connectHere makes the link from this machine to the router, under a name that no other
// network has here.
func (n *Network) connectHere() (err error) {
	for range subnetTries {
		n.subnet = byte(rand.IntN(256))
		link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("corebank-%d", n.subnet)},
			PeerName: hostLink(0), PeerNamespace: netlink.NsFd(n.router.Fd())}
		if err = n.here.LinkAdd(link); !errors.Is(err, unix.EEXIST) {
			n.link = link
			break
		}
	}
	if err != nil {
		return err
	}
	if err := n.join(0); err != nil {
		return err
	}
	if err := raise(n.here, n.link.Attrs().Name, n.Address(0)); err != nil {
		return err
	}
	whole := netip.PrefixFrom(n.address(0, 0), subnetBits)
	return n.here.RouteAdd(&netlink.Route{Dst: ipNet(whole), Gw: n.gateway(0).AsSlice()})
}

// hostLink is the name of the router's link to a host.
func hostLink(host int) string { return fmt.Sprintf("host%d", host) }

// join gives the router's end of a link its address.
func (n *Network) join(host int) error { return raise(n.ways, hostLink(host), n.gateway(host)) }

// addHost makes a host and its link to the router.
func (n *Network) addHost(number int) error {
	namespace, err := newNamespace(func() error { return nil })
	if err != nil {
		return err
	}
	n.hosts = append(n.hosts, namespace)
	const inside = "eth0"
	if err := n.ways.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: hostLink(number)}, PeerName: inside,
		PeerNamespace: netlink.NsFd(namespace.Fd())}); err != nil {
		return err
	}
	if err := n.join(number); err != nil {
		return err
	}
	host, err := handleIn(namespace)
	if err != nil {
		return err
	}
	defer host.Close()
	loopback, err := host.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := errors.Join(host.LinkSetUp(loopback), raise(host, inside, n.Address(number))); err != nil {
		return err
	}
	return host.RouteAdd(&netlink.Route{Gw: n.gateway(number).AsSlice()})
}

// raise gives a link an address, and has it work.
func raise(where *netlink.Handle, name string, address netip.Addr) error {
	link, err := where.LinkByName(name)
	if err != nil {
		return err
	}
	block := ipNet(netip.PrefixFrom(address, blockBits))
	return errors.Join(where.AddrAdd(link, &netlink.Addr{IPNet: block}), where.LinkSetUp(link))
}

func ipNet(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), 32)}
}

// dropFirst has the router drop before it looks where a packet is to go.
const dropFirst = 100

// Drop has everything lost from now on that one host sends to another one, without a word
// to either.
func (n *Network) Drop(from, to int) error {
	rule := netlink.NewRule()
	rule.Family, rule.Priority, rule.Type = unix.AF_INET, dropFirst, unix.RTN_BLACKHOLE
	rule.Src, rule.Dst = ipNet(netip.PrefixFrom(n.Address(from), 32)), ipNet(netip.PrefixFrom(n.Address(to), 32))
	if err := n.ways.RuleAdd(rule); errors.Is(err, unix.EEXIST) {
		return nil // it is lost already
	} else if err != nil {
		return fmt.Errorf("drop what host %d sends to host %d: %w", from, to, err)
	}
	n.dropped = append(n.dropped, rule)
	return nil
}

// Heal ends everything that Drop has begun.
func (n *Network) Heal() (failed error) {
	for _, rule := range n.dropped {
		failed = errors.Join(failed, n.ways.RuleDel(rule))
	}
	n.dropped = nil
	return failed
}

// Close removes the network. What still runs inside can reach no one.
func (n *Network) Close() (failed error) {
	if n.link != nil {
		failed = n.here.LinkDel(n.link)
	}
	for _, handle := range []*netlink.Handle{n.here, n.ways} {
		if handle != nil {
			handle.Close()
		}
	}
	for _, file := range append(n.hosts, n.router) {
		if file != nil {
			failed = errors.Join(failed, file.Close())
		}
	}
	return failed
}
