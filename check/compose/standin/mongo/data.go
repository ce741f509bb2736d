package main

import (
	"slices"
	"strings"

	"github.com/tidwall/btree"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// row is a document under its id. Rows are never changed, only replaced.
type row struct {
	id  any
	doc bson.D
}

type collection = btree.BTreeG[*row]

func newCollection() *collection {
	return btree.NewBTreeGOptions(func(a, b *row) bool { return compare(a.id, b.id) < 0 }, btree.Options{NoLocks: true})
}

// data are the collections by "database.collection".
type data map[string]*collection

// clone is a copy that costs little: what is equal is shared until it is changed.
func (d data) clone() data {
	copied := make(data, len(d))
	for name, c := range d {
		copied[name] = c.Copy()
	}
	return copied
}

func (d data) get(name string, id any) *row {
	c := d[name]
	if c == nil {
		return nil
	}
	found, _ := c.Get(&row{id: id})
	return found
}

// change is one document that is put or, if it is nil, removed; or a whole collection
// that is dropped.
type change struct {
	Name string `bson:"ns"`
	ID   any    `bson:"id"`
	Doc  bson.D `bson:"d"`
	Drop bool   `bson:"drop"`
}

func (d data) apply(c change) {
	if c.Drop {
		delete(d, c.Name)
		return
	}
	rows := d[c.Name]
	if rows == nil {
		rows = newCollection()
		d[c.Name] = rows
	}
	if c.Doc == nil {
		rows.Delete(&row{id: c.ID})
		return
	}
	rows.Set(&row{id: c.ID, doc: c.Doc})
}

// find are the rows that pass a filter, by their ids.
func (d data) find(name string, filter bson.D) (found []*row, err error) {
	c := d[name]
	if c == nil {
		return nil, nil
	}
	consider := func(r *row) bool {
		var passes bool
		if passes, err = matches(r.doc, filter); passes {
			found = append(found, r)
		}
		return err == nil
	}
	ids, few := idsOf(filter)
	if !few {
		c.Scan(consider)
		return found, err
	}
	for _, id := range ids {
		if r := d.get(name, id); r != nil && !consider(r) {
			break
		}
	}
	return found, err
}

// idsOf are the only ids that can pass a filter, if it names them.
func idsOf(filter bson.D) (ids bson.A, few bool) {
	for _, condition := range filter {
		switch value := condition.Value.(type) {
		case bson.A:
			if condition.Key != "$and" {
				continue
			}
			for _, one := range value {
				inner, _ := one.(bson.D)
				if ids, few := idsOf(inner); few {
					return ids, true
				}
			}
		case bson.D:
			if condition.Key == "_id" && len(value) == 1 && value[0].Key == "$eq" {
				return bson.A{value[0].Value}, true
			}
			if in, is := value[0].Value.(bson.A); condition.Key == "_id" && is && value[0].Key == "$in" {
				return in, true
			}
		default:
			if condition.Key == "_id" {
				return bson.A{value}, true
			}
		}
	}
	return nil, false
}

// names are the collections of a database.
func (d data) names(database string) (names []string) {
	for name := range d {
		if rest, is := strings.CutPrefix(name, database+"."); is {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}

// same reports whether what a transaction changed is still what it read.
func (d data) same(other data, changes []change) bool {
	for _, c := range changes {
		if c.Drop || d.get(c.Name, c.ID) != other.get(c.Name, c.ID) {
			return false
		}
	}
	return true
}
