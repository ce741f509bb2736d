package immudb

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codenotary/immudb/embedded/store"
	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"github.com/codenotary/immudb/pkg/stream"

	"corebank/eventsource/copies"
	"corebank/internal/contract"
)

// uncommitted is a transaction that is on a machine's disk, whether it is committed or not.
type uncommitted struct {
	hash    [32]byte // of the log up to and with it
	records []contract.Record
	epoch   int64  // that it raised, or 0
	log     string // the id that it gave the log, or ""
	members copies.Members
}

// readUncommitted reads a transaction as a replica does: immudb's other calls show committed ones only.
func readUncommitted(ctx context.Context, admin client.ImmuClient, tx uint64) (u uncommitted, err error) {
	exported, err := admin.ExportTx(ctx, &schema.ExportTxRequest{Tx: tx, AllowPreCommitted: true})
	if err != nil {
		return u, err
	}
	data, _, err := stream.NewMsgReceiver(exported).ReadFully()
	if err != nil {
		return u, err
	}
	header, entries, err := splitExported(data)
	if err != nil {
		return u, err
	}
	u.hash = header.Alh()
	for _, entry := range entries {
		if err := u.readBeside(entry); err != nil {
			return u, err
		}
	}
	u.records, err = recordsOf(&schema.Tx{Entries: entries}, 0)
	return u, err
}

func (u *uncommitted) readBeside(entry *schema.TxEntry) error {
	if len(entry.Key) == 0 || len(entry.Value) == 0 {
		return nil
	}
	switch string(entry.Key[1:]) {
	case keyEpoch:
		var e epoch
		if err := json.Unmarshal(entry.Value[1:], &e); err != nil {
			return fmt.Errorf("the stored epoch is damaged: %w", err)
		}
		u.epoch = e.Number
	case keyLog:
		if err := json.Unmarshal(entry.Value[1:], &u.log); err != nil {
			return fmt.Errorf("the stored id of the log is damaged: %w", err)
		}
	case keyMembers:
		return readMembers(entry.Value[1:], &u.members)
	}
	return nil
}

var errExported = errors.New("an exported transaction has another format than that of this immudb")

// splitExported reads the format in which immudb hands a transaction to a replica: the header, then for each entry its
// key, what is said about it, and its value, each after its length.
func splitExported(data []byte) (*store.TxHeader, []*schema.TxEntry, error) {
	from := bytes.NewBuffer(data)
	head, err := part[uint32](from)
	if err != nil {
		return nil, nil, err
	}
	header := &store.TxHeader{}
	if err := header.ReadFrom(head); err != nil {
		return nil, nil, err
	}
	entries := make([]*schema.TxEntry, header.NEntries)
	for i := range entries {
		key, err := part[uint16](from)
		if err != nil {
			return nil, nil, err
		}
		if _, err := part[uint16](from); err != nil {
			return nil, nil, err
		}
		value, err := part[uint32](from)
		if err != nil {
			return nil, nil, err
		}
		entries[i] = &schema.TxEntry{Key: key, Value: value}
	}
	return header, entries, nil
}

// part reads some bytes after their number.
func part[N uint16 | uint32](from *bytes.Buffer) ([]byte, error) {
	var n N
	if err := binary.Read(from, binary.BigEndian, &n); err != nil || uint64(n) > uint64(from.Len()) {
		return nil, errExported
	}
	return from.Next(int(n)), nil
}
