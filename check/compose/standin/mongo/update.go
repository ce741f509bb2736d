package main

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// updated is a document after an update: operators, a replacement or a pipeline.
// inserting is set for a document that an upsert makes.
func updated(d bson.D, update any, inserting bool) (bson.D, error) {
	switch u := update.(type) {
	case bson.A:
		for _, stage := range u {
			inner, _ := stage.(bson.D)
			for _, one := range inner {
				if one.Key != "$set" && one.Key != "$addFields" {
					return nil, unsupported("the stage " + one.Key)
				}
				fields, _ := one.Value.(bson.D)
				for _, f := range fields {
					value, err := evaluate(d, f.Value)
					if err != nil {
						return nil, err
					}
					d = with(d, f.Key, value)
				}
			}
		}
		return d, nil
	case bson.D:
		if len(u) > 0 && strings.HasPrefix(u[0].Key, "$") {
			return operated(d, u, inserting)
		}
		if id, there := field(d, "_id"); there {
			u = append(bson.D{{Key: "_id", Value: id}}, without(u, "_id")...)
		}
		return u, nil
	}
	return nil, unsupported("an update that is no document")
}

func operated(d, operators bson.D, inserting bool) (bson.D, error) {
	for _, operator := range operators {
		fields, _ := operator.Value.(bson.D)
		for _, f := range fields {
			if strings.Contains(f.Key, ".") {
				return nil, unsupported("an update of a nested field")
			}
			switch operator.Key {
			case "$set":
				d = with(d, f.Key, f.Value)
			case "$setOnInsert":
				if inserting {
					d = with(d, f.Key, f.Value)
				}
			case "$unset":
				d = without(d, f.Key)
			case "$inc":
				was, there := field(d, f.Key)
				if there && kind(was) != kind(int64(0)) {
					return nil, unsupported("$inc of anything but a number")
				}
				d = with(d, f.Key, integer(was)+integer(f.Value))
			case "$currentDate":
				d = with(d, f.Key, bson.NewDateTimeFromTime(time.Now()))
			default:
				return nil, unsupported(operator.Key)
			}
		}
	}
	return d, nil
}

// seed is the document that an upsert begins with: what the filter asks to be equal.
func seed(filter bson.D) (d bson.D) {
	for _, condition := range filter {
		operators, is := condition.Value.(bson.D)
		switch {
		case strings.HasPrefix(condition.Key, "$"):
		case is && len(operators) > 0 && strings.HasPrefix(operators[0].Key, "$"):
			if operators[0].Key == "$eq" {
				d = append(d, bson.E{Key: condition.Key, Value: operators[0].Value})
			}
		default:
			d = append(d, condition)
		}
	}
	return d
}
