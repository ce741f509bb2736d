package main

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// failure is an error with MongoDB's number and name.
type failure struct {
	code   int32
	name   string
	text   string
	labels bson.A
}

func (f failure) Error() string { return f.text }

func (f failure) reply() bson.D {
	d := bson.D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: f.text}, {Key: "code", Value: f.code},
		{Key: "codeName", Value: f.name}}
	if len(f.labels) > 0 {
		d = append(d, bson.E{Key: "errorLabels", Value: f.labels})
	}
	return d
}

func transient(code int32, name, text string) error {
	return failure{code, name, text, bson.A{"TransientTransactionError"}}
}

// sessionOf is the session of a command as a text; empty if it has none.
func sessionOf(command bson.D) string {
	id, _ := field(document(command, "lsid"), "id")
	binary, is := id.(bson.Binary)
	if !is {
		return ""
	}
	return fmt.Sprintf("%x", binary.Data)
}

// scopeOf is what a command sees: its transaction, a snapshot, or what is there now.
func (s *store) scopeOf(command bson.D) (*scope, error) {
	s.forget()
	if multi, there := field(command, "autocommit"); there && multi == false {
		t, err := s.transaction(command)
		if err != nil {
			return nil, err
		}
		return &scope{store: s, data: t.data, within: t}, nil
	}
	concern := document(command, "readConcern")
	if text(concern, "level") != "snapshot" {
		return &scope{store: s, data: s.now}, nil
	}
	asked, there := field(concern, "atClusterTime")
	at, _ := asked.(bson.Timestamp)
	if !there {
		at = s.tick()
		s.snapshots[at] = snapshot{s.now.clone(), time.Now()}
	}
	kept, there := s.snapshots[at]
	if !there {
		return nil, failure{code: 239, name: "SnapshotTooOld", text: "the snapshot is not there any more"}
	}
	return &scope{store: s, data: kept.data, at: at}, nil
}

// transaction is the open transaction of a command, or a new one.
func (s *store) transaction(command bson.D) (*transaction, error) {
	session, number := sessionOf(command), number(command, "txnNumber")
	if flag(command, "startTransaction") {
		s.open[session] = &transaction{number: number, begun: s.now.clone(), data: s.now.clone(), used: time.Now()}
	}
	t := s.open[session]
	if t == nil || t.number != number {
		return nil, transient(251, "NoSuchTransaction", fmt.Sprintf("there is no transaction %d in this session", number))
	}
	t.used = time.Now()
	return t, nil
}

// abort ends a transaction without its changes.
func (s *store) abort(command bson.D) { delete(s.open, sessionOf(command)) }

// commit makes the changes of a transaction durable, if what it changed
// was not changed by others since it began.
func (s *store) commit(command bson.D) error {
	session, number := sessionOf(command), number(command, "txnNumber")
	if ended, there := s.ended[session]; there && ended == number {
		return nil // the answer to the first time was lost
	}
	t, err := s.transaction(command)
	if err != nil {
		return err
	}
	delete(s.open, session)
	if !s.now.same(t.begun, t.changes) {
		return transient(112, "WriteConflict", "another write has changed the same document")
	}
	return s.write(entry{Changes: t.changes, Session: session, Number: number})
}
