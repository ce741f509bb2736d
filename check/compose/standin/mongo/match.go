package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// unsupported is what this stand-in does not know: it must never answer wrongly.
type unsupported string

func (u unsupported) Error() string {
	return fmt.Sprintf("the stand-in for MongoDB does not know %s", string(u))
}

// matches reports whether a document passes a filter.
func matches(d, filter bson.D) (bool, error) {
	for _, condition := range filter {
		passes, err := passesOne(d, condition)
		if err != nil || !passes {
			return false, err
		}
	}
	return true, nil
}

func passesOne(d bson.D, condition bson.E) (bool, error) {
	switch condition.Key {
	case "$and", "$or":
		all, _ := condition.Value.(bson.A)
		for _, one := range all {
			inner, _ := one.(bson.D)
			passes, err := matches(d, inner)
			if err != nil || passes == (condition.Key == "$or") {
				return passes, err
			}
		}
		return condition.Key == "$and", nil
	case "$expr":
		value, err := evaluate(d, condition.Value)
		truth, _ := value.(bool)
		return truth, err
	}
	if strings.HasPrefix(condition.Key, "$") {
		return false, unsupported(condition.Key)
	}
	value, there := field(d, condition.Key)
	operators, is := condition.Value.(bson.D)
	if !is || len(operators) == 0 || !strings.HasPrefix(operators[0].Key, "$") {
		return kind(value) == kind(condition.Value) && compare(value, condition.Value) == 0, nil
	}
	for _, operator := range operators {
		passes, err := passesOperator(value, there, operator)
		if err != nil || !passes {
			return false, err
		}
	}
	return true, nil
}

func passesOperator(value any, there bool, operator bson.E) (bool, error) {
	same := func() bool { return kind(value) == kind(operator.Value) }
	switch operator.Key {
	case "$eq":
		return same() && compare(value, operator.Value) == 0, nil
	case "$ne":
		return !same() || compare(value, operator.Value) != 0, nil
	case "$gt":
		return same() && compare(value, operator.Value) > 0, nil
	case "$gte":
		return same() && compare(value, operator.Value) >= 0, nil
	case "$lt":
		return same() && compare(value, operator.Value) < 0, nil
	case "$lte":
		return same() && compare(value, operator.Value) <= 0, nil
	case "$exists":
		wanted, _ := operator.Value.(bool)
		return there == wanted, nil
	case "$in":
		all, _ := operator.Value.(bson.A)
		return slices.ContainsFunc(all, func(one any) bool {
			return kind(one) == kind(value) && compare(one, value) == 0
		}), nil
	}
	return false, unsupported(operator.Key)
}

// evaluate is the value of an aggregation's expression.
func evaluate(d bson.D, expression any) (any, error) {
	switch e := expression.(type) {
	case string:
		if e == "$$NOW" {
			return bson.NewDateTimeFromTime(time.Now()), nil
		}
		if name, is := strings.CutPrefix(e, "$"); is {
			value, _ := field(d, name)
			return value, nil
		}
		return e, nil
	case bson.D:
		if len(e) != 1 || !strings.HasPrefix(e[0].Key, "$") {
			return nil, unsupported(fmt.Sprint("the expression ", e))
		}
		arguments, _ := e[0].Value.(bson.A)
		values := make([]any, len(arguments))
		for i, argument := range arguments {
			var err error
			if values[i], err = evaluate(d, argument); err != nil {
				return nil, err
			}
		}
		return operate(e[0].Key, values)
	}
	return expression, nil
}

func operate(operator string, values []any) (any, error) {
	switch operator {
	case "$or":
		return slices.ContainsFunc(values, func(v any) bool { return v == true }), nil
	case "$eq":
		return compare(values[0], values[1]) == 0, nil
	case "$gte":
		return compare(values[0], values[1]) >= 0, nil
	case "$ifNull":
		if kind(values[0]) == kind(nil) {
			return values[1], nil
		}
		return values[0], nil
	case "$add":
		at, is := values[0].(bson.DateTime)
		if !is {
			return nil, unsupported("$add of anything but a time")
		}
		return at + bson.DateTime(integer(values[1])), nil
	}
	return nil, unsupported(operator)
}

// sorted sorts documents by the fields of an order.
func sorted(documents []bson.D, order bson.D) []bson.D {
	if len(order) == 0 {
		return documents
	}
	slices.SortStableFunc(documents, func(a, b bson.D) int {
		for _, by := range order {
			x, _ := field(a, by.Key)
			y, _ := field(b, by.Key)
			if c := compare(x, y); c != 0 {
				return c * int(integer(by.Value))
			}
		}
		return 0
	})
	return documents
}

// projected has only the fields that a projection includes, and the id.
func projected(d, projection bson.D) bson.D {
	if len(projection) == 0 {
		return d
	}
	var some bson.D
	for _, e := range d {
		if e.Key == "_id" || flag(projection, e.Key) {
			some = append(some, e)
		}
	}
	return some
}
