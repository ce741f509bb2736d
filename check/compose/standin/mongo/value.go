package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// field is the value of a field of a document; nil and false if there is none.
func field(d bson.D, name string) (any, bool) {
	head, rest, nested := strings.Cut(name, ".")
	for _, e := range d {
		if e.Key != head {
			continue
		}
		if !nested {
			return e.Value, true
		}
		inner, is := e.Value.(bson.D)
		if !is {
			return nil, false
		}
		return field(inner, rest)
	}
	return nil, false
}

// text, number, flag, document and list are fields of a command; a missing one is
// the zero value.
func text(d bson.D, name string) string {
	value, _ := field(d, name)
	s, _ := value.(string)
	return s
}

func number(d bson.D, name string) int64 {
	value, _ := field(d, name)
	return integer(value)
}

func integer(value any) int64 {
	switch n := value.(type) {
	case int32:
		return int64(n)
	case int64:
		return n
	case float64:
		return int64(n)
	case int:
		return int64(n)
	}
	return 0
}

func flag(d bson.D, name string) bool {
	value, _ := field(d, name)
	b, is := value.(bool)
	return is && b || !is && integer(value) != 0
}

func document(d bson.D, name string) bson.D {
	value, _ := field(d, name)
	inner, _ := value.(bson.D)
	return inner
}

func list(d bson.D, name string) bson.A {
	value, _ := field(d, name)
	all, _ := value.(bson.A)
	return all
}

// with is a document with another value of a field.
func with(d bson.D, name string, value any) bson.D {
	changed := append(bson.D{}, d...)
	for i, e := range changed {
		if e.Key == name {
			changed[i].Value = value
			return changed
		}
	}
	return append(changed, bson.E{Key: name, Value: value})
}

// without is a document without a field.
func without(d bson.D, name string) bson.D {
	changed := make(bson.D, 0, len(d))
	for _, e := range d {
		if e.Key != name {
			changed = append(changed, e)
		}
	}
	return changed
}

// kind orders values of different types as MongoDB does.
func kind(value any) int {
	switch value.(type) {
	case nil, bson.Null:
		return 1
	case int32, int64, float64, int:
		return 2
	case string:
		return 3
	case bson.D:
		return 4
	case bson.A:
		return 5
	case bson.Binary:
		return 6
	case bson.ObjectID:
		return 7
	case bool:
		return 8
	case bson.DateTime, time.Time:
		return 9
	case bson.Timestamp:
		return 10
	}
	panic(fmt.Sprintf("a value of type %T is not known here", value))
}

// compare orders two values.
func compare(a, b any) int {
	if order := cmp.Compare(kind(a), kind(b)); order != 0 {
		return order
	}
	switch a := a.(type) {
	case int32, int64, float64, int:
		return compareNumbers(a, b)
	case string:
		return strings.Compare(a, b.(string))
	case bson.D:
		return compareDocuments(a, b.(bson.D))
	case bson.A:
		b := b.(bson.A)
		for i := range min(len(a), len(b)) {
			if order := compare(a[i], b[i]); order != 0 {
				return order
			}
		}
		return cmp.Compare(len(a), len(b))
	case bson.Binary:
		return bytes.Compare(a.Data, b.(bson.Binary).Data)
	case bson.ObjectID:
		other := b.(bson.ObjectID)
		return bytes.Compare(a[:], other[:])
	case bool:
		return compareNumbers(toNumber(a), toNumber(b.(bool)))
	case bson.DateTime:
		return cmp.Compare(a, b.(bson.DateTime))
	case bson.Timestamp:
		return a.Compare(b.(bson.Timestamp))
	}
	return 0
}

func toNumber(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func compareNumbers(a, b any) int {
	x, floats := a.(float64)
	y, floatsToo := b.(float64)
	if !floats && !floatsToo {
		return cmp.Compare(integer(a), integer(b))
	}
	if !floats {
		x = float64(integer(a))
	}
	if !floatsToo {
		y = float64(integer(b))
	}
	return cmp.Compare(x, y)
}

func compareDocuments(a, b bson.D) int {
	for i := range min(len(a), len(b)) {
		if order := cmp.Or(strings.Compare(a[i].Key, b[i].Key), compare(a[i].Value, b[i].Value)); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}
