package server

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// With this variable the test is the gateway that the other one fills.
const fewDescriptors = "COREBANK_TEST_FEW_DESCRIPTORS"

// TestWithFewDescriptorsTheNewestGets503: at "ulimit -n 512" with 600 connections,
// those that were first go on, the newest are refused, and the process can still
// open files.
func TestWithFewDescriptorsTheNewestGets503(t *testing.T) {
	if os.Getenv(fewDescriptors) != "" {
		serveWithFewDescriptors(t)
		return
	}
	const few = `ulimit -n 512; exec "$0" -test.run '^'"$1"'$' -test.v`
	gateway := exec.CommandContext(t.Context(), "sh", "-c", few, os.Args[0], t.Name()) //nolint:gosec // this test
	gateway.Env = append(os.Environ(), fewDescriptors+"=1")
	out, err := gateway.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gateway.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = gateway.Process.Kill(); _ = gateway.Wait() }()
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		_, address, _ = strings.Cut(lines.Text(), "listening on ")
	}
	served, refused := 0, 0
	var open []*bufio.ReadWriter
	for i := range 600 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		one := bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
		switch status := ask(one); status {
		case http.StatusOK:
			open, served = append(open, one), served+1
		case http.StatusServiceUnavailable:
			refused++
			_ = conn.Close()
		default:
			t.Fatalf("connection %d is answered %d", i, status)
		}
	}
	if served < 300 || served+refused != 600 {
		t.Errorf("%d are served and %d refused", served, refused)
	}
	for i, one := range open {
		if status := ask(one); status != http.StatusOK {
			t.Fatalf("connection %d is answered %d when there are many", i, status)
		}
	}
}

// ask sends a request on a connection that stays open; 0 for no answer.
func ask(on *bufio.ReadWriter) int {
	_, _ = on.WriteString("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if on.Flush() != nil {
		return 0
	}
	answer, err := http.ReadResponse(on.Reader, nil)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func serveWithFewDescriptors(t *testing.T) {
	config := Config{Listen: "127.0.0.1:0"}
	listener, _, err := config.listen()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening on " + listener.Addr().String())
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { //nolint:gosec // a test
		var files []*os.File
		for range ownDescriptors / 2 { // what the gateway needs beside
			file, err := os.Open(os.Args[0])
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			files = append(files, file)
		}
		for _, file := range files {
			_ = file.Close()
		}
	}))
}
