package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"corebank/backup/archive"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// records are those of positions first to last.
func records(t *testing.T, first, last int64) (all []contract.Record) {
	t.Helper()
	for position := first; position <= last; position++ {
		r := contract.Record{Position: position, Account: bank.NewAccountID("ada", fmt.Sprint(position)), Version: 1,
			At: noon.Add(time.Duration(position) * time.Second), Key: fmt.Sprint("key-", position), Caller: "ada"}
		if err := r.SetEvent(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current}); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

var bankA, bankB = archive.Origin{Log: "A", Partitions: 1}, archive.Origin{Log: "B", Partitions: 1}

// add adds records to the backup in a directory, in a run of its own.
func add(t *testing.T, dir string, of archive.Origin, seal archive.Sealer, more []contract.Record) {
	t.Helper()
	w, err := archive.Append(dir, of, seal, clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add(more), w.Finish(), w.Close()); err != nil {
		t.Fatal(err)
	}
}

// read reads a whole backup.
func read(dir string, open archive.Opener) (all []contract.Record, err error) {
	a, err := archive.Open(dir, open)
	if err != nil {
		return nil, err
	}
	for some, err := range a.Records() {
		if err != nil {
			return all, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// same fails unless the records are equal, by their positions and marks.
func same(t *testing.T, got, want []contract.Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Position != want[i].Position || got[i].Mark() != want[i].Mark() {
			t.Fatalf("%+v, want %+v", got[i], want[i])
		}
	}
}

// keys are those of a person who opens backups.
func keys(t *testing.T) (recipients, identity string) {
	t.Helper()
	made, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipients, identity = filepath.Join(t.TempDir(), "key.pub"), filepath.Join(t.TempDir(), "key.txt")
	if err := errors.Join(os.WriteFile(recipients, []byte(made.Recipient().String()+"\n"), 0o600),
		os.WriteFile(identity, []byte(made.String()+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return recipients, identity
}

func TestABackupGrowsAndIsReadAsItWasWritten(t *testing.T) {
	recipients, identity := keys(t)
	seal, err := archive.ReadRecipients(recipients)
	if err != nil {
		t.Fatal(err)
	}
	open, err := archive.ReadIdentities(identity)
	if err != nil {
		t.Fatal(err)
	}
	for name, seal := range map[string]archive.Sealer{"plain": nil, "encrypted": seal} {
		t.Run(name, func(t *testing.T) {
			dir, all := t.TempDir(), records(t, 1, 30)
			add(t, dir, bankA, seal, all[:10])
			add(t, dir, bankA, seal, all[10:29])
			add(t, dir, bankA, seal, nil)
			add(t, dir, bankA, seal, all[29:])
			got, err := read(dir, open)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, all)
			if name == "plain" {
				return
			}
			if _, err := read(dir, nil); err == nil || !strings.Contains(err.Error(), "--identity-file") {
				t.Errorf("without a key: %v", err)
			}
			_, other := keys(t)
			wrong, err := archive.ReadIdentities(other)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := read(dir, wrong); err == nil || !strings.Contains(err.Error(), "segment-000000000000001.zst.age") ||
				!strings.Contains(err.Error(), other+" does not open it") {
				t.Errorf("with a wrong key: %v", err)
			}
		})
	}
}

// TestAnEmptyBackupMayBeEncryptedLater: there is nothing in it that is not.
func TestAnEmptyBackupMayBeEncryptedLater(t *testing.T) {
	recipients, identity := keys(t)
	seal, err := archive.ReadRecipients(recipients)
	if err != nil {
		t.Fatal(err)
	}
	open, err := archive.ReadIdentities(identity)
	if err != nil {
		t.Fatal(err)
	}
	dir, all := t.TempDir(), records(t, 1, 3)
	add(t, dir, bankA, nil, nil)
	add(t, dir, bankA, seal, all)
	got, err := read(dir, open)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, all)
}

func TestAStreamIsABackupInADirectory(t *testing.T) {
	var out bytes.Buffer
	all := records(t, 1, 12)
	w := archive.Stream(&out, bankA, nil, clock)
	if err := errors.Join(w.Add(all[:5]), w.Add(all[5:]), w.Finish(), w.Close()); err != nil {
		t.Fatal(err)
	}
	cut := out.Bytes()[:out.Len()/3]
	dir := t.TempDir()
	if err := archive.Unpack(&out, dir); err != nil {
		t.Fatal(err)
	}
	got, err := read(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, all)
	dir = t.TempDir()
	err = archive.Unpack(bytes.NewReader(cut), dir)
	if _, unread := read(dir, nil); err == nil && unread == nil {
		t.Error("a stream that was cut short is a backup")
	}
}

// Whatever happened to a file is said with its name, and nothing is read of it.
func TestWhatWasDoneToAFileIsNoticed(t *testing.T) {
	const first, second = "segment-000000000000001.zst", "segment-000000000000011.zst"
	change := func(name string, do func([]byte) []byte) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, name)
			content, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path, do(content), 0o600))
		}
	}
	other := t.TempDir()
	add(t, other, bankB, nil, records(t, 1, 10))
	for name, test := range map[string]struct {
		do   func(dir string) error
		says []string
	}{
		"cut short": {change(first, func(c []byte) []byte { return c[:len(c)-7] }), []string{first, "was damaged"}},
		"a byte":    {change(second, func(c []byte) []byte { c[len(c)/2] ^= 4; return c }), []string{second, "was damaged"}},
		"missing": {func(dir string) error { return os.Remove(filepath.Join(dir, second)) },
			[]string{second, "is missing", "11 to 20"}},
		"mixed up": {func(dir string) error {
			return errors.Join(os.Rename(filepath.Join(dir, first), filepath.Join(dir, "x")),
				os.Rename(filepath.Join(dir, second), filepath.Join(dir, first)),
				os.Rename(filepath.Join(dir, "x"), filepath.Join(dir, second)))
		}, []string{first, "11 to 20 where 1 to 10 belong"}},
		"another bank's": {change(first, func([]byte) []byte {
			content, err := os.ReadFile(filepath.Join(other, first))
			if err != nil {
				t.Fatal(err)
			}
			return content
		}), []string{first, "another bank"}},
		"the manifest": {change("manifest.json", func(c []byte) []byte { return c[:len(c)/2] }),
			[]string{"manifest.json", "damaged"}},
		"a gap": {change("manifest.json", func(c []byte) []byte {
			return bytes.Replace(c, []byte(`"last": 10`), []byte(`"last": 9`), 1)
		}), []string{"manifest.json", "after position 9"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, all := t.TempDir(), records(t, 1, 20)
			add(t, dir, bankA, nil, all[:10])
			add(t, dir, bankA, nil, all[10:])
			if err := test.do(dir); err != nil {
				t.Fatal(err)
			}
			_, err := read(dir, nil)
			for _, says := range test.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("it does not say %q: %v", says, err)
				}
			}
		})
	}
}

// A run that is interrupted before its first segment is listed leaves the backup that was there.
func TestAnInterruptedRunLeavesTheBackupBefore(t *testing.T) {
	dir, all := t.TempDir(), records(t, 1, 20)
	add(t, dir, bankA, nil, all[:10])
	before, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	add(t, dir, bankA, nil, all[10:])
	// The file of the segment is there, and the manifest was not replaced yet.
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := read(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, all[:10])
	add(t, dir, bankA, nil, all[10:])
	if got, err = read(dir, nil); err != nil {
		t.Fatal(err)
	}
	same(t, got, all)
}

func TestABackupTakesOnlyWhatBelongsToIt(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, bankA, nil, records(t, 1, 3))
	recipients, _ := keys(t)
	seal, err := archive.ReadRecipients(recipients)
	if err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(what, says, dir string, of archive.Origin, seal archive.Sealer) {
		t.Helper()
		if _, err := archive.Append(dir, of, seal, clock); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", what, err, says)
		}
	}
	refused("another bank", "another bank", dir, bankB, nil)
	refused("another number of partitions", "--partitions 1", dir, archive.Origin{Log: "A", Partitions: 3}, nil)
	refused("encrypted", "is not encrypted", dir, bankA, seal)
	refused("a directory that is in use", "notes.txt", foreign, bankA, nil)
	w, err := archive.Append(dir, bankA, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	refused("two at once", "is running", dir, bankA, nil)
	if err := w.Add(records(t, 5, 6)); err == nil {
		t.Error("records after a gap are taken")
	}
}
