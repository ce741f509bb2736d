package main

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// cursor is the rest of a result.
type cursor struct {
	name string
	rest []bson.D
	used time.Time
}

const batchSize = 101

// onCollection carries out the commands on collections.
func (c *connection) onCollection(s *scope, name, database string, command bson.D) (bson.D, error) {
	within, _ := command[0].Value.(string)
	full := database + "." + within
	switch name {
	case "find":
		return c.find(s, full, command)
	case "getmore":
		return c.more(command)
	case "killcursors":
		for _, id := range list(command, "cursors") {
			delete(c.store.cursors, integer(id))
		}
		return nil, nil
	case "insert":
		return insert(s, full, list(command, "documents"))
	case "update":
		return update(s, full, list(command, "updates"))
	case "delete":
		return remove(s, full, list(command, "deletes"))
	case "findandmodify":
		return findAndModify(s, full, command)
	case "createindexes", "create":
		return nil, nil // an index changes no answer
	case "drop":
		s.drop(full)
		return nil, nil
	case "dropdatabase":
		for _, one := range s.data.names(database) {
			s.drop(database + "." + one)
		}
		return nil, nil
	case "listcollections":
		all := bson.A{}
		for _, one := range s.data.names(database) {
			all = append(all, bson.D{{Key: "name", Value: one}, {Key: "type", Value: "collection"}})
		}
		return bson.D{{Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)},
			{Key: "ns", Value: database + ".$cmd.listCollections"}, {Key: "firstBatch", Value: all}}}}, nil
	}
	return nil, unsupported("the command " + command[0].Key)
}

func (c *connection) find(s *scope, name string, command bson.D) (bson.D, error) {
	rows, err := s.data.find(name, document(command, "filter"))
	if err != nil {
		return nil, err
	}
	found := make([]bson.D, len(rows))
	for i, r := range rows {
		found[i] = r.doc
	}
	found = sorted(found, document(command, "sort"))
	found = found[min(int(number(command, "skip")), len(found)):]
	if limit := int(number(command, "limit")); limit > 0 {
		found = found[:min(limit, len(found))]
	}
	for i, d := range found {
		found[i] = projected(d, document(command, "projection"))
	}
	size, id := batchSize, int64(0)
	if _, given := field(command, "batchSize"); given {
		size = int(number(command, "batchSize"))
	}
	if flag(command, "singleBatch") {
		size = len(found)
	}
	first := found[:min(size, len(found))]
	if rest := found[len(first):]; len(rest) > 0 {
		c.store.last++
		id = c.store.last
		c.store.cursors[id] = &cursor{name, rest, time.Now()}
	}
	answer := bson.D{{Key: "id", Value: id}, {Key: "ns", Value: name}, {Key: "firstBatch", Value: list0(first)}}
	if s.at != (bson.Timestamp{}) {
		answer = append(answer, bson.E{Key: "atClusterTime", Value: s.at})
	}
	return bson.D{{Key: "cursor", Value: answer}}, nil
}

func (c *connection) more(command bson.D) (bson.D, error) {
	id := integer(command[0].Value)
	open := c.store.cursors[id]
	if open == nil {
		return nil, failure{code: 43, name: "CursorNotFound", text: fmt.Sprintf("cursor id %d not found", id)}
	}
	size := len(open.rest)
	if n := int(number(command, "batchSize")); n > 0 {
		size = min(n, size)
	}
	size = min(size, 10*batchSize)
	open.used = time.Now()
	next := open.rest[:size]
	if open.rest = open.rest[size:]; len(open.rest) == 0 {
		delete(c.store.cursors, id)
		id = 0
	}
	return bson.D{{Key: "cursor", Value: bson.D{{Key: "id", Value: id}, {Key: "ns", Value: open.name},
		{Key: "nextBatch", Value: list0(next)}}}}, nil
}

// list0 is a list for an answer, also where it is empty.
func list0(documents []bson.D) bson.A {
	all := make(bson.A, len(documents))
	for i, d := range documents {
		all[i] = d
	}
	return all
}
