package datadir

import (
	"path/filepath"

	"corebank/eventsource/immudb"
	"corebank/internal/contract"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/session"
	"corebank/internal/secrets"
)

// Default is the directory of a bank for which none is given.
const Default = ".corebank"

// Dir is the directory of one bank.
type Dir struct {
	Path       string
	Partitions int // of the log
}

// The paths in it. Builds of the past made them: they stay as they are.
func (d Dir) Logs() string       { return filepath.Join(d.Path, "logs") }
func (d Dir) Components() string { return filepath.Join(d.Path, "components") }
func (d Dir) Immudb() string     { return filepath.Join(d.Path, "immudb") }
func (d Dir) NATS() string       { return filepath.Join(d.Path, "nats") }
func (d Dir) Sockets() string    { return filepath.Join(d.Path, "sockets") }
func (d Dir) Views() string      { return filepath.Join(d.Path, "views.db") }
func (d Dir) Actors() string     { return filepath.Join(d.Path, "actors.db") }
func (d Dir) Names() string      { return filepath.Join(d.Path, "names.db") }
func (d Dir) Audited() string    { return filepath.Join(d.Path, "audited.json") }
func (d Dir) RunFile() string    { return filepath.Join(d.Path, "run.json") }
func (d Dir) Targets() string    { return filepath.Join(d.Path, "metrics.json") }

// Sessions are those of browsers.
func (d Dir) Sessions() session.Store { return session.Store{Dir: filepath.Join(d.Path, "sessions")} }

// DiskFloor is a file that changes, while the bank runs, how many MiB are kept
// free on the disk of immudb.
func (d Dir) DiskFloor() string { return filepath.Join(d.Path, "disk-floor") }

func (d Dir) Secrets() string           { return filepath.Join(d.Path, secrets.Folder) }
func (d Dir) Secret(name string) string { return filepath.Join(d.Secrets(), name) }
func (d Dir) ActorKey() string          { return d.Secret("actor-key.pem") }
func (d Dir) AdminPassword() string     { return d.Secret("immudb-admin") }

// EventSource is where the event source of a part of the log keeps files that
// can be lost. WriterPassword is the password of its user in immudb.
func (d Dir) EventSource(part int) string    { return filepath.Join(d.Path, LogApp(part)) }
func (d Dir) WriterPassword(part int) string { return d.Secret("immudb-" + LogApp(part)) }

// Inside names a path of the directory as a part sees it that runs in the
// directory. Dapr takes lists, URIs and templates where it should take paths, and
// the path of the directory may have any character.
func (d Dir) Inside(path string) string {
	if inside, err := filepath.Rel(d.Path, path); err == nil {
		return inside
	}
	return path
}

func (d Dir) identity() string       { return filepath.Join(d.Path, issuer.Folder) }
func (d Dir) lockFile() string       { return filepath.Join(d.Path, "lock") }
func (d Dir) partitionsFile() string { return filepath.Join(d.Path, "partitions.json") }

// LogParts are the numbers of the parts of the log: 0 for the sequence of all
// partitions, or for a log with one partition, and then each of several
// partitions.
func (d Dir) LogParts() []int {
	parts := []int{0}
	for number := range contract.PartitionApps(d.Partitions) {
		parts = append(parts, number+1)
	}
	return parts
}

// LogApp is the app that runs a part of the log.
func LogApp(part int) string {
	if part == 0 {
		return contract.AppEventSource
	}
	return contract.PartitionApp(part)
}

// LogNames are the names that a part of the log has in immudb.
func LogNames(part int) (database, user string) {
	return immudb.NameOfPartition(immudb.DefaultDatabase, part),
		immudb.NameOfPartition(immudb.DefaultUser, part)
}
