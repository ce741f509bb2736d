package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/supervisor"
)

// partitionsFile says in a bank's directory how many partitions its log has, if
// they are several.
const partitionsFile = "partitions.json"

// logParts are the numbers of the parts of the log: its partitions, and 0 for
// their order or for a log that has one.
func (d *dataDir) logParts() []int {
	parts := []int{0}
	for number := range contract.PartitionApps(d.partitions) {
		parts = append(parts, number+1)
	}
	return parts
}

// eventsource is where a part of the log has what can be lost, writerPassword
// the password of who writes it.
func (d *dataDir) eventsource(part int) string {
	return filepath.Join(d.path, logApp(part))
}

func (d *dataDir) writerPassword(part int) string { return d.secret("immudb-" + logApp(part)) }

// logApp is the app that has a part of the log.
func logApp(part int) string {
	if part == 0 {
		return contract.AppEventSource
	}
	return contract.PartitionApp(part)
}

// readPartitions is how many partitions the log of the bank in a directory has;
// 0 where there is no log yet.
func readPartitions(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, partitionsFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join((&dataDir{path: data}).immudb(), logDatabase)); err == nil {
			return 1, nil
		}
		return 0, nil
	}
	var has struct {
		Partitions int `json:"partitions"`
	}
	if err == nil {
		err = json.Unmarshal(text, &has)
	}
	if err == nil {
		err = contract.CheckPartitions(has.Partitions)
	}
	if err != nil {
		return 0, fmt.Errorf("how many partitions the bank of %s has: %w", data, err)
	}
	return has.Partitions, nil
}

// checkPartitions refuses a bank that was made with another number.
func (d *dataDir) checkPartitions() error {
	has, err := readPartitions(d.path)
	if err != nil {
		return err
	}
	if has != 0 && has != d.partitions {
		return fmt.Errorf("the bank of %s was made with --partitions %d, and that cannot be changed: start it with --partitions %d, "+
			"or give another one a directory of its own with --data DIR", d.path, has, has)
	}
	return nil
}

// notePartitions notes how many there are.
func (d *dataDir) notePartitions() error {
	if d.partitions == 1 {
		return nil
	}
	return writeWhole(filepath.Join(d.path, partitionsFile), fmt.Appendf(nil, "{\"partitions\":%d}\n", d.partitions), 0o600)
}

// eventsource adds the log: its writer or, of several partitions, theirs and the
// sequencer, which needs them all.
func (p *parts) eventsource() {
	for _, part := range p.data.logParts()[1:] {
		p.logPart(part, nil)
	}
	p.logPart(0, contract.PartitionApps(p.data.partitions))
}

// logPart adds the event source that has a part of the log.
func (p *parts) logPart(part int, needs []string) {
	app := logApp(part)
	service, health := p.port(), p.port()
	var broker []string
	if part == 0 { // the others do not publish
		broker = []string{partNATS}
	}
	env := p.sidecar(app, broker, "--app-port="+portOf(service), "--app-channel-address=127.0.0.1")
	arguments := []string{"eventsource", "--listen=" + service, "--health=" + health, "--immudb=" + p.reach(partImmudb),
		"--immudb-database=" + ofPartition(logDatabase, part), "--immudb-user=" + ofPartition(logUser, part),
		"--immudb-password-file=" + p.data.writerPassword(part), "--immudb-admin-password-file=" + p.data.adminPassword(),
		"--state-dir=" + p.data.eventsource(part), "--disk=" + p.data.immudb(), "--disk-floor-file=" + p.data.diskFloor(),
		"--append-token-file=" + p.data.secret(secrets.Append),
	}
	if p.data.partitions > 1 {
		arguments = append(arguments, fmt.Sprintf("--partitions=%d", p.data.partitions), fmt.Sprintf("--partition=%d", part))
	}
	p.command(supervisor.Process{Name: app, Env: env, Args: arguments,
		Needs: append([]string{partImmudb, sidecarOf(app)}, needs...), Ready: isReady(health), ReadyWithin: longStart}, health, service)
}

// What the log has in immudb, by name.
const (
	logDatabase = "corebank"
	logUser     = "eventsource"
)
