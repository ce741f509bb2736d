package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"corebank/internal/atomicfile"
	"corebank/internal/filelock"
	"corebank/internal/secrets"
)

// Machines is the directory of a bank on several machines. It has what all of them are
// given: the secrets, the issuer and the sessions. The data of each is in a folder of
// its own, which is a data directory like any other.
type Machines struct{ *Locked }

// MachinesRun is how many machines a bank can have here: with three, most are left when
// one is lost.
const MachinesRun = 3

// CheckMachines refuses a number of machines that cannot be run; 1 is a bank on one.
func CheckMachines(machines int) error {
	if machines != 1 && machines != MachinesRun {
		return fmt.Errorf("%d machines: want %d, of which one can be lost, or 1", machines, MachinesRun)
	}
	return nil
}

// OpenMachines is Open for a bank on several machines.
func OpenMachines(dir string, machines int) (*Machines, error) {
	d, err := open(dir, 1, machines)
	if err != nil {
		return nil, err
	}
	return &Machines{d}, nil
}

// Count is how many machines there are.
func (m *Machines) Count() int { return m.machines }

// MachineDir is the data directory of one of the machines of a bank.
func (d Dir) MachineDir(number int) Dir {
	return Dir{Path: filepath.Join(d.Path, machinePrefix+strconv.Itoa(number)), Partitions: d.Partitions}
}

const machinePrefix = "machine-"

// checkMember refuses the directory of one machine of a bank: its log has copies
// elsewhere, and nothing says here whether it is in use.
func (d Dir) checkMember() error {
	start, err := d.StartAll()
	if err != nil || start == "" {
		return err
	}
	return fmt.Errorf("%s is one machine of a bank: start all of it with %s", d.Path, start)
}

// StartAll is the command that starts the bank of which this is one machine's directory;
// empty if it is none.
func (d Dir) StartAll() (string, error) {
	path, err := filepath.Abs(d.Path)
	if err != nil {
		return "", err
	}
	bank, name := filepath.Split(path)
	if !strings.HasPrefix(name, machinePrefix) {
		return "", nil
	}
	n, err := ReadMachines(bank)
	if err != nil || n == 0 {
		return "", err
	}
	return fmt.Sprintf("corebank up --machines %d --data %s", n, filepath.Clean(bank)), nil
}

// Machine prepares the data directory of a machine, which is new or has lost its disk,
// or was there before.
func (m *Machines) Machine(number int) (*Locked, error) {
	d := &Locked{Dir: m.MachineDir(number), Issuer: m.Issuer, Tokens: m.Tokens}
	if err := os.MkdirAll(d.Secrets(), 0o700); err != nil {
		return nil, unwritable(d.Path, err)
	}
	if err := errors.Join(m.copySecrets(d.Dir), d.prepareData()); err != nil {
		return nil, unwritable(d.Path, err)
	}
	return d, nil
}

// copySecrets gives a machine the secrets of the bank.
func (m *Machines) copySecrets(to Dir) error {
	entries, err := os.ReadDir(m.Secrets())
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		secret, err := os.ReadFile(m.Secret(entry.Name()))
		if err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(to.Path, secrets.Folder, entry.Name()), secret, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Lose removes everything that a machine has stored, as the loss of its disk does.
func (m *Machines) Lose(number int) error { return os.RemoveAll(m.MachineDir(number).Path) }

// notedMachines is the content of the file that has the number of machines. Only a bank
// on several has such a file.
type notedMachines struct {
	Machines int `json:"machines"`
}

func (d Dir) machinesFile() string { return filepath.Join(d.Path, "machines.json") }

// ReadMachines reads how many machines the bank in a directory has; 0 if it is on one.
func ReadMachines(path string) (int, error) {
	text, err := os.ReadFile(Dir{Path: path}.machinesFile())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	var n notedMachines
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err == nil {
		err = CheckMachines(n.Machines)
	}
	if err != nil {
		return 0, fmt.Errorf("read the number of machines of the bank in %s: %w", path, err)
	}
	return n.Machines, nil
}

// checkMachines refuses a bank that was made on another number of machines.
func (d *Locked) checkMachines() error {
	made, err := ReadMachines(d.Path)
	switch {
	case err != nil || made == d.machines:
		return err
	case made > 0:
		return fmt.Errorf("the bank in %[1]s was made with --machines %[2]d, and that cannot be changed: "+
			"start it with --machines %[2]d, or give another bank a directory of its own with --data DIR", d.Path, made)
	case d.isBank():
		return fmt.Errorf("the bank in %s was made on one machine, and that cannot be changed: "+
			"start it without --machines, or give another bank a directory of its own with --data DIR", d.Path)
	}
	return nil
}

func (d *Locked) writeMachines() error {
	if d.machines == 0 {
		return nil
	}
	text, err := json.Marshal(notedMachines{d.machines})
	if err != nil {
		return err
	}
	return atomicfile.Write(d.machinesFile(), append(text, '\n'), 0o600)
}

// Wishes for a machine: what somebody asked "corebank up" to do with it.
const (
	WishStop = "stop" // end its parts in order
	WishLose = "lose" // kill them, and remove all that it has stored
)

func (d Dir) wishFile(number int) string { return d.MachineDir(number).Path + ".wish" }

// Wish asks the bank that runs on a directory to stop or to lose a machine, or to start it
// again, if the wish is empty.
func (d Dir) Wish(number int, wish string) error {
	if wish == "" {
		return removeIfThere(d.wishFile(number))
	}
	return atomicfile.Write(d.wishFile(number), []byte(wish), 0o600)
}

// Wished is what was asked for a machine; empty if it is to run.
func (d Dir) Wished(number int) string {
	text, err := os.ReadFile(d.wishFile(number))
	if err != nil {
		return ""
	}
	return string(text)
}

// Runs reports whether a bank runs on the directory.
func (d Dir) Runs() bool {
	if _, err := os.Stat(d.lockFile()); errors.Is(err, fs.ErrNotExist) {
		return false // and no lock is made to find that out
	}
	lock, err := filelock.Try(d.lockFile())
	if err != nil {
		return true
	}
	_ = lock.Release()
	return false
}
