package datadir

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corebank/internal/secrets"
)

// Given a bank on three machines; then each has its own data and the secrets of all. When one loses its disk, an empty
// one in its place has the same secrets, and the others what they had.
func TestMachinesShareSecretsAndNothingElse(t *testing.T) {
	bank, err := OpenMachines(filepath.Join(t.TempDir(), "bank"), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer bank.Close()
	secretsOf := func(d *Locked) (all []string) {
		for _, file := range []string{d.AdminPassword(), d.WriterPassword(0), d.ActorKey(), d.Secret(secrets.Append),
			d.Secret(secrets.Identity("eventsource-m3"))} {
			text, err := os.ReadFile(file)
			if err != nil || len(text) == 0 {
				t.Errorf("%s: %v", file, err)
			}
			all = append(all, string(text))
		}
		return all
	}
	want := secretsOf(bank.Locked)
	for number := 1; number <= bank.Count(); number++ {
		machine, err := bank.Machine(number)
		if err != nil {
			t.Fatal(err)
		}
		if got := secretsOf(machine); !slices.Equal(got, want) {
			t.Errorf("machine %d has secrets of its own", number)
		}
		if err := os.WriteFile(machine.Views(), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := bank.Lose(2); err != nil {
		t.Fatal(err)
	}
	if machine, err := bank.Machine(2); err != nil || !slices.Equal(secretsOf(machine), want) {
		t.Errorf("an empty machine is not the bank's: %v", err)
	}
	for number, there := range map[int]bool{1: true, 2: false, 3: true} {
		if _, err := os.Stat(bank.MachineDir(number).Views()); (err == nil) != there {
			t.Errorf("machine %d has its disk: %v, want %t", number, err, there)
		}
	}
}

func TestTheNumberOfMachinesIsFixed(t *testing.T) {
	one, three := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "three")
	single, err := Open(one, 1)
	if err != nil {
		t.Fatal(err)
	}
	single.Close()
	several, err := OpenMachines(three, 3)
	if err != nil {
		t.Fatal(err)
	}
	several.Close()
	_, onOne := OpenMachines(one, 3)
	_, onThree := Open(three, 1)
	for err, says := range map[error]string{onOne: "made on one machine", onThree: "made with --machines 3"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
	for machines, fine := range map[int]bool{0: false, 1: true, 2: false, 3: true, 4: false} {
		if err := CheckMachines(machines); (err == nil) != fine {
			t.Errorf("%d machines: %v", machines, err)
		}
	}
	if _, err := several.Machine(2); err != nil {
		t.Fatal(err)
	}
	_, onMember := Open(filepath.Join(three, "machine-2"), 1)
	if onMember == nil || !strings.Contains(onMember.Error(), "corebank up --machines 3 --data "+three) {
		t.Errorf("a machine of three is opened alone: %v", onMember)
	}
	if again, err := OpenMachines(three, 3); err != nil {
		t.Error(err)
	} else {
		again.Close()
	}
}

func TestAWishForAMachineIsKeptUntilAnother(t *testing.T) {
	d := Dir{Path: t.TempDir()}
	for _, wish := range []string{WishStop, WishLose, "", ""} {
		if err := d.Wish(2, wish); err != nil {
			t.Fatal(err)
		}
		if got := d.Wished(2); got != wish || d.Wished(1) != "" {
			t.Errorf("machine 2 is to %q, want %q; machine 1 to %q", got, wish, d.Wished(1))
		}
	}
}
