package must_test

import (
	"errors"
	"strconv"
	"testing"

	"corebank/check/must"
)

func sum(texts ...string) (total int, err error) {
	defer must.Wrap(&err, "add up %d texts", len(texts))
	defer must.Catch(&err)
	for _, text := range texts {
		total += must.Get(strconv.Atoi(text))
	}
	return total, nil
}

func TestTheFirstFailureEndsAFunctionAndIsItsError(t *testing.T) {
	if total, err := sum("1", "2"); total != 3 || err != nil {
		t.Errorf("%d, %v", total, err)
	}
	total, err := sum("1", "two", "3")
	if !errors.Is(err, strconv.ErrSyntax) || total != 1 ||
		err.Error() != `add up 3 texts: strconv.Atoi: parsing "two": invalid syntax` {
		t.Errorf("%d, %v", total, err)
	}
}

func TestAMistakeStaysAPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	_ = func() (err error) {
		defer must.Catch(&err)
		panic("a mistake")
	}()
}
