package main

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Bounds of what is remembered.
const (
	snapshotsLast    = 5 * time.Minute
	transactionsLast = time.Minute
	cursorsLast      = 10 * time.Minute
)

// store is everything the server has. Its user holds its mutex.
type store struct {
	sync.Mutex
	now     data
	journal *os.File
	// open are transactions by session, ended the last number of each session that
	// was committed.
	open      map[string]*transaction
	ended     map[string]int64
	snapshots map[bson.Timestamp]snapshot
	users     map[string]user
	// cursors are the rests of results, which a client may ask for over another
	// connection; last is the newest.
	cursors map[int64]*cursor
	last    int64
	// set is the replica set's configuration; nil until it is initiated.
	set   bson.D
	clock bson.Timestamp
}

type snapshot struct {
	data data
	at   time.Time
}

// transaction sees the data of its begin with its own changes.
type transaction struct {
	number      int64
	begun, data data
	changes     []change
	used        time.Time
}

// entry is a line of the journal: changes that belong together.
type entry struct {
	Changes []change         `bson:"c,omitempty"`
	Session string           `bson:"s,omitempty"`
	Number  int64            `bson:"n,omitempty"`
	Users   map[string]*user `bson:"u,omitempty"`
	Set     bson.D           `bson:"set,omitempty"`
}

// openStore reads the journal in a folder.
func openStore(folder string) (*store, error) {
	s := &store{now: make(data), open: make(map[string]*transaction), ended: make(map[string]int64),
		snapshots: make(map[bson.Timestamp]snapshot), users: make(map[string]user),
		cursors: make(map[int64]*cursor)}
	var err error
	s.journal, err = os.OpenFile(filepath.Join(folder, "journal"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := s.replay()
	if err != nil {
		return nil, err
	}
	// The last line may be half written: no client has an answer to it.
	if err := s.journal.Truncate(end); err != nil {
		return nil, err
	}
	_, err = s.journal.Seek(end, io.SeekStart)
	return s, err
}

func (s *store) replay() (end int64, err error) {
	for {
		size := make([]byte, 4)
		if _, err := io.ReadFull(s.journal, size); err != nil {
			return end, ignoreEnd(err)
		}
		line := make([]byte, binary.LittleEndian.Uint32(size))
		copy(line, size)
		if _, err := io.ReadFull(s.journal, line[4:]); err != nil {
			return end, ignoreEnd(err)
		}
		var e entry
		if err := bson.Unmarshal(line, &e); err != nil {
			return end, err
		}
		s.take(e)
		end += int64(len(line))
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// write makes an entry durable against the end of this process, and takes it.
func (s *store) write(e entry) error {
	line, err := bson.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := s.journal.Write(line); err != nil {
		return err
	}
	s.take(e)
	return nil
}

func (s *store) take(e entry) {
	for _, c := range e.Changes {
		s.now.apply(c)
	}
	if e.Session != "" {
		s.ended[e.Session] = e.Number
	}
	for name, u := range e.Users {
		s.users[name] = *u
	}
	if e.Set != nil {
		s.set = e.Set
	}
}

// tick is a new cluster time.
func (s *store) tick() bson.Timestamp {
	now := uint32(time.Now().Unix())
	if s.clock.T == now {
		s.clock.I++
	} else {
		s.clock = bson.Timestamp{T: now, I: 1}
	}
	return s.clock
}

// forget drops what no client asks for any more.
func (s *store) forget() {
	for at, one := range s.snapshots {
		if time.Since(one.at) > snapshotsLast {
			delete(s.snapshots, at)
		}
	}
	for id, c := range s.cursors {
		if time.Since(c.used) > cursorsLast {
			delete(s.cursors, id)
		}
	}
	for session, t := range s.open {
		if time.Since(t.used) > transactionsLast {
			delete(s.open, session)
		}
	}
}

// scope is the data that one command sees and changes.
type scope struct {
	store   *store
	data    data
	within  *transaction // nil outside of a transaction
	at      bson.Timestamp
	changes []change
}

// put, remove and drop change the data.
func (s *scope) put(name string, doc bson.D) {
	id, _ := field(doc, "_id")
	s.change(change{Name: name, ID: id, Doc: doc})
}

func (s *scope) remove(name string, id any) { s.change(change{Name: name, ID: id}) }

func (s *scope) drop(name string) { s.change(change{Name: name, Drop: true}) }

// change is seen at once inside of a transaction, and otherwise when it is durable.
func (s *scope) change(c change) {
	if s.within != nil {
		s.within.changes = append(s.within.changes, c)
		s.data.apply(c)
		return
	}
	if len(s.changes) == 0 {
		s.data = s.data.clone()
	}
	s.changes = append(s.changes, c)
	s.data.apply(c)
}

// end makes durable what the command has changed.
func (s *scope) end() error {
	if len(s.changes) == 0 {
		return nil
	}
	return s.store.write(entry{Changes: s.changes})
}
