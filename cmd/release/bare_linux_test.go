package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"corebank/check/graphqlclient"
	"corebank/internal/bank"
	"corebank/localbank/sidecars"
)

// bareVariable has the folder of an archive that the test binary is to try, and
// whether that folder is all that the machine has.
const bareVariable = "COREBANK_RELEASE_BARE"

const bareTime = 3 * time.Minute // of the whole trial

func TestMain(m *testing.M) {
	root, bare := strings.CutPrefix(os.Getenv(bareVariable), "only:")
	if root == "" {
		os.Exit(m.Run())
	}
	if err := tryArchive(root, bare); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestAnArchiveIsAllThatABareMachineNeeds builds the archive of this machine twice,
// from two copies of the source, and runs a bank from it where nothing else is: no
// tool, no network but loopback, no home.
func TestAnArchiveIsAllThatABareMachineNeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds corebank and runs a whole bank")
	}
	found, err := sidecars.DefaultFinder(func(sidecars.Progress) {}).Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := stamp{version: "1.2.3", commit: "0123456789abcdef", date: someTime}
	var archives [2]string
	for i := range archives {
		r := release{root: copyOfSource(t, strings.Repeat("x", 1+20*i)), out: t.TempDir(),
			sidecar: filepath.Dir(found.Daprd)}
		name, _, err := r.makeArchive(t.Context(), now, host)
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = filepath.Join(r.out, name)
	}
	first, second := must(t)(sumOf(archives[0])), must(t)(sumOf(archives[1]))
	if !bytes.Equal(first, second) {
		t.Errorf("the same source gives the archives %x and %x", first, second)
	}

	root := t.TempDir()
	unpack := exec.Command("tar", "-xzf", archives[0], "-C", root, "--strip-components=1")
	if text, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := runBare(t, "only:"+root, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | userNamespace()})
	if errors.Is(err, syscall.EPERM) {
		t.Log("this system lets no one have a machine of its own: it is tried in an empty environment only")
		text, err = runBare(t, root, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
	}
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func must(t *testing.T) func(sum []byte, err error) []byte {
	return func(sum []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
}

// copyOfSource is what the repository has now, in a folder of its own.
func copyOfSource(t *testing.T, name string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), name)
	listing := exec.Command("git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list, err := listing.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range strings.Split(strings.TrimRight(string(list), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not yet committed
		}
		to := filepath.Join(copied, file)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

func userNamespace() uintptr {
	if os.Getuid() == 0 {
		return 0
	}
	return syscall.CLONE_NEWUSER
}

// runBare runs this test binary as one that tries an archive.
func runBare(t *testing.T, root string, attributes *syscall.SysProcAttr) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), bareTime)
	defer cancel()
	if attributes.Cloneflags&syscall.CLONE_NEWUSER != 0 {
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, self)
	command.Env, command.SysProcAttr = []string{bareVariable + "=" + root}, attributes
	return command.CombinedOutput()
}

var gateway = regexp.MustCompile(`GraphiQL +(http://127\.0\.0\.1:\d+)/`)

// tryArchive runs a bank from the folder of an archive and pays into an account of
// its demo. If bare, the folder becomes the root, with what the kernel itself gives.
func tryArchive(root string, bare bool) (err error) {
	attributes, inside := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, root
	if bare {
		if err := errors.Join(raiseLoopback(), mountKernel(root)); err != nil {
			return err
		}
		attributes.Chroot, inside = root, "/"
	}
	corebank := func(arguments ...string) *exec.Cmd {
		program := filepath.Join(inside, "corebank")
		return &exec.Cmd{Path: program, Args: append([]string{program}, arguments...), Dir: inside, Env: []string{},
			SysProcAttr: attributes}
	}
	up := corebank("up", "--demo", "--listen=127.0.0.1:0", "--data=bank")
	var problems bytes.Buffer
	up.Stderr = &problems
	output, err := up.StdoutPipe()
	if err != nil {
		return err
	}
	if err := up.Start(); err != nil {
		return err
	}
	defer func() { _ = up.Process.Kill() }() // it may have ended
	url := ""
	lines := bufio.NewScanner(output)
	for url == "" && lines.Scan() {
		if found := gateway.FindStringSubmatch(lines.Text()); found != nil {
			url = found[1]
		}
		problems.WriteString(lines.Text() + "\n")
	}
	token, err := corebank("token", "--data=bank").Output()
	if err != nil || url == "" {
		return fmt.Errorf("%w: the bank at %q wrote\n%s", err, url, &problems)
	}
	if err := deposit(url, strings.TrimSpace(string(token))); err != nil {
		return err
	}
	if err := up.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	for lines.Scan() { // or it could not write
	}
	return up.Wait()
}

// deposit pays into an account of the demo.
func deposit(url, token string) error {
	client := graphqlclient.Client{URL: url, Token: token, HTTP: http.DefaultClient}
	answer, err := client.Post(context.Background(), `mutation($id: ID!) { deposit(input: {accountId: $id,
		amount: {value: "1.00", currency: "EUR"}, idempotencyKey: "bare"}) { transaction { id } } }`,
		map[string]any{"id": bank.NewAccountID("teller", "demo-charles")})
	if err == nil && !strings.Contains(string(answer.Data), "txn_") {
		err = fmt.Errorf("the deposit was answered with %s %v", answer.Data, answer.Errors)
	}
	return err
}

// raiseLoopback gives a network of its own the addresses of this machine.
func raiseLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback)
}

// mountKernel gives a root what is no file: devices and processes.
func mountKernel(root string) error {
	err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, "")
	for _, name := range []string{"dev", "proc"} {
		inside := filepath.Join(root, name)
		err = errors.Join(err, os.Mkdir(inside, 0o755), unix.Mount("/"+name, inside, "", unix.MS_BIND|unix.MS_REC, ""))
	}
	return errors.Join(err, os.Mkdir(filepath.Join(root, "tmp"), 0o777))
}
