package main

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// duplicate is what is said of a document whose id is taken.
func duplicate(index int, name string, id any) bson.D {
	return bson.D{{Key: "index", Value: int32(index)}, {Key: "code", Value: int32(11000)},
		{Key: "errmsg", Value: fmt.Sprintf("E11000 duplicate key error collection: %s index: _id_ dup key: %v", name, id)}}
}

func insert(s *scope, name string, documents bson.A) (bson.D, error) {
	for i, one := range documents {
		d, _ := one.(bson.D)
		id, there := field(d, "_id")
		if !there {
			return nil, unsupported("a document without an id")
		}
		if s.data.get(name, id) != nil {
			return bson.D{{Key: "n", Value: int32(i)}, {Key: "writeErrors", Value: bson.A{duplicate(i, name, id)}}}, nil
		}
		s.put(name, d)
	}
	return bson.D{{Key: "n", Value: int32(len(documents))}}, nil
}

// changed is the result of one update.
type changed struct {
	before, after bson.D // nil if there is none
	matched       int
	upserted      any // the id
	taken         any // the id of the document that is in the way of an upsert
}

// modify updates the first row that passes a filter, or inserts one.
func modify(s *scope, name string, filter bson.D, change any, upsert bool) (done changed, err error) {
	rows, err := s.data.find(name, filter)
	if err != nil {
		return done, err
	}
	if len(rows) > 0 {
		done.before, done.matched = rows[0].doc, 1
		done.after, err = updated(rows[0].doc, change, false)
		if err == nil && compare(done.before, done.after) != 0 {
			s.put(name, done.after)
		}
		return done, err
	}
	if !upsert {
		return done, nil
	}
	if done.after, err = updated(seed(filter), change, true); err != nil {
		return done, err
	}
	id, there := field(done.after, "_id")
	if !there {
		id = bson.NewObjectID()
		done.after = append(bson.D{{Key: "_id", Value: id}}, done.after...)
	}
	if s.data.get(name, id) != nil {
		return changed{taken: id}, nil
	}
	done.upserted = id
	s.put(name, done.after)
	return done, nil
}

func update(s *scope, name string, updates bson.A) (bson.D, error) {
	matched, modified, upserted := 0, 0, bson.A{}
	answer := func(more ...bson.E) bson.D {
		d := bson.D{{Key: "n", Value: int32(matched)}, {Key: "nModified", Value: int32(modified)}}
		if len(upserted) > 0 {
			d = append(d, bson.E{Key: "upserted", Value: upserted})
		}
		return append(d, more...)
	}
	for i, one := range updates {
		statement, _ := one.(bson.D)
		if flag(statement, "multi") {
			return nil, unsupported("an update of many documents")
		}
		change, _ := field(statement, "u")
		done, err := modify(s, name, document(statement, "q"), change, flag(statement, "upsert"))
		if err != nil {
			return nil, err
		}
		if done.taken != nil {
			return answer(bson.E{Key: "writeErrors", Value: bson.A{duplicate(i, name, done.taken)}}), nil
		}
		matched += done.matched
		if done.matched > 0 && compare(done.before, done.after) != 0 {
			modified++
		}
		if done.upserted != nil {
			matched++
			upserted = append(upserted, bson.D{{Key: "index", Value: int32(i)}, {Key: "_id", Value: done.upserted}})
		}
	}
	return answer(), nil
}

func remove(s *scope, name string, deletes bson.A) (bson.D, error) {
	removed := 0
	for _, one := range deletes {
		statement, _ := one.(bson.D)
		rows, err := s.data.find(name, document(statement, "q"))
		if err != nil {
			return nil, err
		}
		if number(statement, "limit") == 1 {
			rows = rows[:min(1, len(rows))]
		}
		for _, r := range rows {
			s.remove(name, r.id)
			removed++
		}
	}
	return bson.D{{Key: "n", Value: int32(removed)}}, nil
}

func findAndModify(s *scope, name string, command bson.D) (bson.D, error) {
	change, there := field(command, "update")
	if !there {
		return nil, unsupported("findAndModify without an update")
	}
	done, err := modify(s, name, document(command, "query"), change, flag(command, "upsert"))
	if err != nil {
		return nil, err
	}
	if done.taken != nil {
		return nil, failure{code: 11000, name: "DuplicateKey", text: "E11000 duplicate key error"}
	}
	value := any(done.before)
	if flag(command, "new") {
		value = done.after
	}
	if d, is := value.(bson.D); is && d == nil {
		value = nil
	}
	return bson.D{{Key: "lastErrorObject", Value: bson.D{{Key: "n", Value: int32(1)},
		{Key: "updatedExisting", Value: done.matched > 0}}}, {Key: "value", Value: value}}, nil
}
