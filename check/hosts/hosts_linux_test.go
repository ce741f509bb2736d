package hosts

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is longer than anything here takes.
const patience = time.Minute

func newNetwork(t *testing.T, hosts int) *Network {
	t.Helper()
	n, err := New(hosts)
	if err != nil {
		t.Skipf("no hosts here: %v", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// in does something in a host.
func (n *Network) in(t *testing.T, host int, do func() error) {
	t.Helper()
	enter := func() error {
		if host == 0 {
			return nil
		}
		return unix.Setns(int(n.hosts[host-1].Fd()), unix.CLONE_NEWNET)
	}
	if err := visit(enter, do); err != nil {
		t.Fatalf("in host %d: %v", host, err)
	}
}

// way is from one host to another one.
type way struct {
	from, to int
	sender   net.Conn
	receiver net.PacketConn
}

func newWay(t *testing.T, n *Network, from, to int) *way {
	w := &way{from: from, to: to}
	n.in(t, to, func() (err error) {
		w.receiver, err = net.ListenPacket("udp4", net.JoinHostPort(n.Address(to).String(), "0"))
		return err
	})
	n.in(t, from, func() (err error) {
		w.sender, err = net.Dial("udp4", w.receiver.LocalAddr().String())
		return err
	})
	t.Cleanup(func() { _ = w.sender.Close(); _ = w.receiver.Close() })
	return w
}

func (w *way) send(t *testing.T, text string) {
	t.Helper()
	if _, err := w.sender.Write([]byte(text)); err != nil {
		t.Errorf("host %d sends to host %d: %v; want it to hear of nothing", w.from, w.to, err)
	}
}

func (w *way) receive(t *testing.T) string {
	t.Helper()
	if err := w.receiver.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 100)
	n, _, err := w.receiver.ReadFrom(text)
	if err != nil {
		t.Fatalf("host %d heard nothing of host %d: %v", w.to, w.from, err)
	}
	return string(text[:n])
}

// Given three hosts and this machine; when the way from one of them to another one is cut; then that is lost which goes
// there, and nothing else, and no one hears of it. Healed, everything arrives.
func TestWhatIsCutIsCutOneWay(t *testing.T) {
	n := newNetwork(t, 3)
	for _, cut := range []struct{ from, to int }{{1, 2}, {3, 0}, {0, 3}} {
		var ways []*way
		for from := range 4 {
			for to := range 4 {
				if from != to {
					ways = append(ways, newWay(t, n, from, to))
				}
			}
		}
		for range 2 { // a second time changes nothing
			if err := n.Drop(cut.from, cut.to); err != nil {
				t.Fatal(err)
			}
		}
		for _, w := range ways {
			w.send(t, "while it is cut")
		}
		for _, w := range ways { // what is not cut has arrived before the cut ends
			if w.from != cut.from || w.to != cut.to {
				if got := w.receive(t); got != "while it is cut" {
					t.Errorf("%d to %d is cut, and %d to %d heard %q", cut.from, cut.to, w.from, w.to, got)
				}
			}
		}
		if err := n.Heal(); err != nil {
			t.Fatal(err)
		}
		for _, w := range ways {
			w.send(t, "healed")
			if got := w.receive(t); got != "healed" {
				t.Errorf("%d to %d was cut, and %d to %d heard %q", cut.from, cut.to, w.from, w.to, got)
			}
		}
	}
}

const entryOf = "COREBANK_TEST_ENTRY"

// TestEntering is what the other tests run to enter a host.
func TestEntering(t *testing.T) {
	given := strings.Split(os.Getenv(entryOf), "\n")
	if len(given) < 3 {
		t.Skip("it is run by other tests")
	}
	entry := Entry{Host: 1, Namespace: given[0], Syncs: given[1]}
	t.Fatal(entry.Become(given[2], "renamed", given[3:]))
}

// enter runs a program in a host.
func enter(t *testing.T, namespace, syncs, program string, arguments ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEntering$")
	given := strings.Join(append([]string{namespace, syncs, path}, arguments...), "\n")
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%s", entryOf, given))
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out.String())
	}
	return out.String()
}

// A program in a host has the host's network, and no other.
func TestAProgramEntersAHost(t *testing.T) {
	n := newNetwork(t, 1)
	out := enter(t, n.Namespace(1), "", "cat", "/proc/net/dev")
	if !strings.Contains(out, "eth0:") || strings.Contains(out, n.link.Attrs().Name) {
		t.Errorf("it has the links:\n%s", out)
	}
}

// Given a host whose disk is slow; then each sync of a program in it takes as long as was said, and no longer than that
// when the disk is fast again.
func TestSyncsTakeLonger(t *testing.T) {
	folder := t.TempDir()
	socket := filepath.Join(folder, "syncs")
	s, err := ServeSyncs(socket, 1)
	if err != nil {
		t.Fatal(err)
	}
	sync := func() time.Duration {
		began := time.Now()
		enter(t, "", socket, "dd", "if=/dev/zero", "of="+filepath.Join(folder, "file"), "bs=1", "count=1", "conv=fsync")
		enter(t, "", socket, "dd", "if=/dev/zero", "of="+filepath.Join(folder, "file"), "bs=1", "count=1",
			"conv=fdatasync")
		return time.Since(began)
	}
	const delay = 20 * time.Second
	sync() // it begins at once
	s.Delay(1, delay/10)
	if took := sync(); took < 2*delay/10 {
		t.Errorf("with two syncs that take %v more each, it took %v", delay/10, took)
	}
	s.Delay(1, 0)
	if took := sync(); took > delay {
		t.Errorf("with a fast disk it took %v", took)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
