package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corebank/backup"
	"corebank/internal/bank"
	"corebank/localbank/datadir"
	"corebank/localbank/immudbserver"
)

// check makes sure of a copied directory, as a start of the bank does.
func (b *branch) check(path string) error {
	b.t.Helper()
	data := datadir.Dir{Path: path, Partitions: len(b.logs)}
	if err := immudbserver.RemoveDerived(data.Immudb()); err != nil {
		b.t.Fatal(err)
	}
	return backup.CheckCopied{Immudb: inProcess, Progress: new(bytes.Buffer)}.Check(b.t.Context(), data)
}

// copies copies the directory again and again, as cp -r does, and gives the names of the copies until there are n.
func (b *branch) copies(n int) <-chan string {
	made, parent := make(chan string), b.t.TempDir()
	go func() {
		defer close(made)
		for i := 0; n > 0; i++ {
			to := filepath.Join(parent, fmt.Sprint("copy-", i))
			err := os.CopyFS(to, os.DirFS(b.data.Path))
			if errors.Is(err, fs.ErrNotExist) {
				continue // a file went away meanwhile, which ends such a copy
			}
			if err != nil {
				b.t.Error(err)
			}
			made <- to
			n--
		}
	}()
	return made
}

// Given a bank that takes deposits while its directory is copied file by file; then the log of each copy is that of the
// bank up to some position, or the copy is refused, and what can be done is said.
func TestACopyOfARunningBankIsRightOrRefused(t *testing.T) {
	for _, partitions := range []int{1, 3} {
		t.Run(fmt.Sprintf("partitions=%d", partitions), func(t *testing.T) {
			b := newBranch(t, partitions)
			b.work(4, 3)
			right, refused := 0, 0
			copies := b.copies(2)
			for done := false; !done; {
				select {
				case path, ok := <-copies:
					if done = !ok; done {
						break
					}
					if err := b.check(path); err != nil {
						refused++
						if !strings.Contains(err.Error(), "Copy it again while the bank is stopped") {
							t.Errorf("a copy is refused without a way on: %v", err)
						}
						break
					}
					right++
					b.has(path, wherever)
				default:
					for id := range b.accounts {
						b.do(id, bank.Deposit{Amount: bank.Money{Minor: 100, Currency: "EUR"}})
					}
				}
			}
			t.Logf("%d copies were right, %d refused, of a log that grew to %d records", right, refused, len(b.whole))
		})
	}
}

// quietCopy is a copy of a bank that does nothing meanwhile.
func (b *branch) quietCopy() string {
	for path := range b.copies(1) {
		return path
	}
	return ""
}

// change changes a file of a database in a copy; it is the only one with such a name.
func (b *branch) change(copied, pattern string, how func([]byte) []byte) {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(copied, "immudb", "corebank", pattern))
	if err != nil || len(files) == 0 {
		b.t.Fatalf("no file is like %s: %v", pattern, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, how(content), 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestACopyIsRefusedByWhatCannotBeMadeAgain(t *testing.T) {
	b := newBranch(t, 1)
	b.work(2, 4)
	half := func(content []byte) []byte { return content[:len(content)/2] }
	flip := func(content []byte) []byte { content[len(content)*2/3] ^= 1; return content }
	for name, test := range map[string]struct {
		pattern string
		how     func([]byte) []byte
		right   bool
	}{
		"an index of another moment":        {"index_*/*/*", half, true},
		"a hash tree of another moment":     {"aht/*/*", half, true},
		"transactions of an earlier moment": {"tx/*", half, false},
		"a transaction that was changed":    {"tx/*", flip, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := b.quietCopy()
			b.change(path, test.pattern, test.how)
			err := b.check(path)
			if test.right {
				if err != nil {
					t.Fatalf("it is refused: %v", err)
				}
				b.has(path, len(b.whole))
				return
			}
			if err == nil || !strings.Contains(err.Error(), "Copy it again while the bank is stopped") {
				t.Errorf("it is taken, or refused without a way on: %v", err)
			}
		})
	}
}

// Given a log that is not right, and its backup; then a restore makes no bank and says what can be done, unless it is
// asked to make one that has the faults. Up to before them there is one.
func TestALogWithFindingsIsRestoredOnPurposeOnly(t *testing.T) {
	b, out := newBranch(t, 1), filepath.Join(t.TempDir(), "backup")
	b.work(1, 3)
	for id := range b.accounts {
		b.doAs(id, "twice", bank.Deposit{Amount: bank.Money{Minor: 100, Currency: "EUR"}})
		b.doAs(id, "twice", bank.Deposit{Amount: bank.Money{Minor: 100, Currency: "EUR"}})
	}
	if _, err := b.backUp(out); err != nil {
		t.Fatal(err)
	}
	c := backup.RestoreConfig{From: out, Data: filepath.Join(t.TempDir(), "bank"), Immudb: inProcess}
	err := backup.Restore(t.Context(), c, new(strings.Builder), new(strings.Builder))
	for _, says := range []string{"no bank was made", "--to-position 5", "--accept-findings", "corebank audit"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("it does not say %q: %v", says, err)
		}
	}
	before, said := b.restore(backup.RestoreConfig{From: out, ToPosition: 5})
	if !strings.Contains(said, "found nothing wrong") {
		t.Error(said)
	}
	b.has(before, 5)
	_, said = b.restore(backup.RestoreConfig{From: out, AcceptFindings: true})
	if !strings.Contains(said, "It has the faults that the log had") {
		t.Error(said)
	}
	// The same log, as the data of a bank that was moved.
	path := b.quietCopy()
	if err := b.check(path); err == nil || !strings.Contains(err.Error(), "--accept-findings") {
		t.Errorf("the moved bank: %v", err)
	}
	accepting := backup.CheckCopied{Immudb: inProcess, Progress: new(bytes.Buffer), AcceptFindings: true}
	if err := accepting.Check(t.Context(), datadir.Dir{Path: path, Partitions: 1}); err != nil {
		t.Errorf("the moved bank, with its faults accepted: %v", err)
	}
}
