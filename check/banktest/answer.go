package banktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"corebank/check/graphqlclient"
)

// Answer is a GraphQL answer.
type Answer struct {
	graphqlclient.Answer
	t     testing.TB
	query string
}

// Answers checks that the request succeeded and that its data matches want: see
// Match. want is a format for arguments.
func (a Answer) Answers(want string, arguments ...any) Answer {
	a.t.Helper()
	if len(a.Errors) > 0 {
		a.t.Errorf("%s\nanswered %+v", a.query, a.Errors)
		return a
	}
	match(a.t, a.query, a.Data, fmt.Sprintf(want, arguments...))
	return a
}

// match fails the test if JSON does not match want. It lists each difference.
func match(t testing.TB, what string, text json.RawMessage, want string) {
	t.Helper()
	differences, err := Match(text, want)
	if err != nil {
		t.Fatal(err)
	}
	if len(differences) == 0 {
		return
	}
	report := what
	for _, d := range differences {
		report += "\n  " + d
	}
	t.Errorf("%s\nin %s", report, text)
}

// Match compares JSON with what is wanted of it and returns the differences.
// want is JSON in which names and words need no quotation marks, such as
// {account: {status: OPEN, balance: {current: {value: "5.00"}}}}; decimals do
// need them. An object may have more fields than want names. A list must have
// exactly the elements of want.
func Match(text json.RawMessage, want string) ([]string, error) {
	var wanted, got any
	if err := yaml.Unmarshal([]byte(want), &wanted); err != nil {
		return nil, fmt.Errorf("%s: %w", want, err)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return compare("answer", got, wanted), nil
}

func compare(path string, got, want any) (differences []string) {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			value, ok := object[name]
			if !ok {
				differences = append(differences, fmt.Sprintf("%s.%s is missing", path, name))
				continue
			}
			differences = append(differences, compare(path+"."+name, value, want[name])...)
		}
		return differences
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			break
		}
		for i := range want {
			differences = append(differences, compare(fmt.Sprintf("%s[%d]", path, i), list[i], want[i])...)
		}
		return differences
	case int:
		if got == float64(want) {
			return nil
		}
	default:
		if reflect.DeepEqual(got, want) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s is %s, want %s", path, jsonOf(got), jsonOf(want))}
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
