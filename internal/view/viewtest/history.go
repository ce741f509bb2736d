package viewtest

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// pagesBetweenBounds looks at every page of a short history.
func pagesBetweenBounds(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 6)) // versions 2 to 8 without 5
	for _, size := range []int{1, 3, view.MaxPage} {
		for after := range int64(10) {
			for before := range int64(10) {
				for _, page := range []view.Page{{First: size, After: after, Before: before}, {Last: size, After: after, Before: before}} {
					if diff := difference(s.page(ada, page), modelPage(s.lines[ada], page)); diff != "" {
						t.Fatalf("page %+v\n%s", page, diff)
					}
				}
			}
		}
	}
	newest := view.Page{Last: 2, Before: math.MaxInt64 - 1}
	if diff := difference(s.page(ada, newest), view.Lines{Older: true}); diff != "" {
		t.Errorf("page before everything: %s", diff)
	}
}

func walkingPages(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 130))
	for _, size := range []int{50, view.MaxPage} {
		var down, up []view.Transaction
		for page, more := (view.Page{First: size}), true; more; {
			lines := s.page(ada, page)
			down = append(down, lines.Transactions...)
			page.After, more = lines.Transactions[len(lines.Transactions)-1].Version, lines.Older
		}
		for page, more := (view.Page{Last: size}), true; more; {
			lines := s.page(ada, page)
			up = append(slices.Clone(lines.Transactions), up...)
			page.Before, more = lines.Transactions[0].Version, lines.Newer
		}
		slices.Reverse(down)
		if !slices.Equal(down, s.lines[ada]) {
			t.Errorf("from the newest in pages of %d: not the %d lines in order", size, len(s.lines[ada]))
		}
		slices.Reverse(up)
		if !slices.Equal(up, s.lines[ada]) {
			t.Errorf("from the oldest in pages of %d: not the %d lines in order", size, len(s.lines[ada]))
		}
	}
}

func filters(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 12))
	at := func(line int) time.Time { return s.lines[ada][line].OccurredAt }
	for name, filter := range map[string]view.Filter{
		"deposits":              {Types: []view.TransactionType{view.Deposit}},
		"withdrawals":           {Types: []view.TransactionType{view.Withdrawal}},
		"both":                  {Types: []view.TransactionType{view.Withdrawal, view.Deposit}},
		"one named twice":       {Types: []view.TransactionType{view.Deposit, view.Deposit}},
		"a type without lines":  {Types: []view.TransactionType{"FEE"}},
		"since a line":          {Since: at(4)},
		"until a line":          {Until: at(4)},
		"from a line to a line": {Since: at(3), Until: at(8)},
		"just after a line":     {Since: at(4).Add(time.Nanosecond), Until: at(8).Add(time.Nanosecond)},
		"another time zone":     {Since: at(4).In(time.FixedZone("Tokyo", 9*3600))},
		"before everything":     {Until: opening.Add(-time.Hour)},
		"after everything":      {Since: opening.Add(time.Hour)},
		"around everything":     {Since: opening.Add(-time.Hour), Until: opening.Add(time.Hour)},
		"backwards":             {Since: at(8), Until: at(3)},
		"long ago":              {Since: time.Unix(0, 0)},
		"withdrawals in a time": {Types: []view.TransactionType{view.Withdrawal}, Since: at(3), Until: at(9)},
	} {
		for _, page := range []view.Page{{First: 100}, {Last: 100}, {First: 2}, {Last: 2}, {First: 2, After: 8}, {Last: 2, Before: 4}, {First: 5, After: 9, Before: 4}} {
			page.Filter = filter
			if diff := difference(s.page(ada, page), modelPage(s.lines[ada], page)); diff != "" {
				t.Errorf("%s, page %+v\n%s", name, page, diff)
			}
		}
	}
}

func malformedPages(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 3))
	for name, page := range map[string]view.Page{
		"no size":          {},
		"both ends":        {First: 1, Last: 1},
		"too many":         {First: view.MaxPage + 1},
		"too many, oldest": {Last: view.MaxPage + 1},
		"fewer than none":  {First: -1},
		"less, oldest":     {Last: -1},
		"one end negative": {First: 1, Last: -1},
		"after nothing":    {First: 1, After: -1},
		"before nothing":   {First: 1, Before: -1},
		"after the end":    {First: 1, After: math.MaxInt64},
		"too many types":   {First: 1, Filter: view.Filter{Types: make([]view.TransactionType, view.MaxFilterTypes+1)}},
	} {
		for _, id := range []bank.AccountID{ada, nobody} {
			if _, err := s.store.History(t.Context(), id, page); !errors.Is(err, view.ErrBadPage) {
				t.Errorf("%s: %v, want ErrBadPage", name, err)
			}
		}
	}
}

// anyPage compares pages that chance has chosen with those of the model, over
// histories of several lengths.
func anyPage(t *testing.T, s *story) {
	lengths := []int{0, 1, 9, 40}
	ids := make([]bank.AccountID, len(lengths))
	for i, length := range lengths {
		ids[i] = bank.NewAccountID("page", string(rune('a'+i)))
		s.apply(s.open(ids[i]))
		if length > 0 {
			s.apply(s.pay(ids[i], length))
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "account")
		page := drawPage(rt)
		got, err := s.store.History(t.Context(), id, page)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := difference(got, modelPage(s.lines[id], page)); diff != "" {
			rt.Fatalf("page %+v\n%s", page, diff)
		}
	})
}

func drawPage(rt *rapid.T) view.Page {
	page := view.Page{
		After:  rapid.Int64Range(0, 55).Draw(rt, "after"),
		Before: rapid.Int64Range(0, 55).Draw(rt, "before"),
		Filter: view.Filter{
			Types: rapid.SliceOfN(rapid.SampledFrom([]view.TransactionType{view.Deposit, view.Withdrawal, "FEE"}), 0, 3).Draw(rt, "types"),
		},
	}
	if size := rapid.IntRange(1, view.MaxPage).Draw(rt, "size"); rapid.Bool().Draw(rt, "newest") {
		page.First = size
	} else {
		page.Last = size
	}
	moment := rapid.Custom(func(rt *rapid.T) time.Time {
		return opening.Add(time.Duration(rapid.IntRange(-1000, 28_000).Draw(rt, "ns")))
	})
	if rapid.Bool().Draw(rt, "has since") {
		page.Filter.Since = moment.Draw(rt, "since")
	}
	if rapid.Bool().Draw(rt, "has until") {
		page.Filter.Until = moment.Draw(rt, "until")
	}
	return page
}
