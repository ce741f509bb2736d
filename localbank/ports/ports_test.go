package ports

import (
	"net"
	"slices"
	"testing"
)

func TestPortsAreHeldUntilTheyAreNeeded(t *testing.T) {
	held := New()
	defer held.FreeAll()
	var addresses []string
	for range 50 {
		address, err := held.Pick()
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(addresses, address) {
			t.Fatalf("%s was picked twice", address)
		}
		addresses = append(addresses, address)
	}
	if lis, err := net.Listen("tcp", addresses[0]); err == nil {
		lis.Close()
		t.Errorf("%s is not held", addresses[0])
	}
	if err := held.Free(addresses[0]); err != nil {
		t.Fatal(err)
	}
	lis, err := net.Listen("tcp", addresses[0])
	if err != nil {
		t.Fatalf("%s was not released: %v", addresses[0], err)
	}
	lis.Close()
	if err := held.Free(addresses[0]); err != nil {
		t.Errorf("freeing a port again fails: %v", err)
	}
}
