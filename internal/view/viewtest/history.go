package viewtest

import (
	"errors"
	"math"
	"math/big"
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
		"deposits":              {Types: []bank.EntryType{bank.DepositEntry}},
		"withdrawals":           {Types: []bank.EntryType{bank.WithdrawalEntry}},
		"both":                  {Types: []bank.EntryType{bank.WithdrawalEntry, bank.DepositEntry}},
		"one named twice":       {Types: []bank.EntryType{bank.DepositEntry, bank.DepositEntry}},
		"a type without lines":  {Types: []bank.EntryType{"FEE"}},
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
		"credits":               {Credits: true},
		"debits":                {Debits: true},
		"credits and debits":    {Credits: true, Debits: true},
		"at least":              {MinAmount: 501},
		"at most":               {MaxAmount: 999},
		"exactly":               {MinAmount: 1000, MaxAmount: 1000},
		"no such amount":        {MinAmount: 501, MaxAmount: 999},
		"effective since":       {EffectiveSince: at(4)},
		"effective until":       {EffectiveUntil: at(4)},
		"effective in a time":   {EffectiveSince: at(3).Add(time.Nanosecond), EffectiveUntil: at(8).Add(time.Nanosecond)},
		"large deposits":        {Types: []bank.EntryType{bank.DepositEntry}, MinAmount: 1000, Credits: true},
		"withdrawals in a time": {Types: []bank.EntryType{bank.WithdrawalEntry}, Since: at(3), Until: at(9)},
	} {
		for _, page := range []view.Page{{First: 100}, {Last: 100}, {First: 2}, {Last: 2}, {First: 2, After: 8}, {Last: 2, Before: 4}, {First: 5, After: 9, Before: 4}} {
			page.Filter = filter
			if diff := difference(s.page(ada, page), modelPage(s.lines[ada], page)); diff != "" {
				t.Errorf("%s, page %+v\n%s", name, page, diff)
			}
		}
	}
}

// textFilters look for what only few lines have.
func textFilters(t *testing.T, s *story) {
	b := Month(t)
	s.follow(b, 5)
	var sent bank.TransferID
	for _, line := range s.lines[bank.NewAccountID("ada", "first")] {
		if line.Type == bank.TransferOutEntry {
			sent = line.Transfer
			break
		}
	}
	for name, filter := range map[string]view.Filter{
		"a reference":               {Reference: "salary"},
		"a reference of a type":     {Reference: "salary", Types: []bank.EntryType{bank.HoldCaptureEntry}},
		"another reference":         {Reference: "Salary"},
		"an external id":            {ExternalID: "pay-1"},
		"a counterparty":            {Counterparty: grace},
		"a counterparty, incoming":  {Counterparty: grace, Credits: true},
		"a transfer":                {Transfer: sent},
		"another's transfer":        {Transfer: "trf_none"},
		"a transfer and its amount": {Transfer: sent, MinAmount: 1, MaxAmount: 80_000},
		"all at once":               {Reference: "cash", Debits: true, MaxAmount: 5000, Types: []bank.EntryType{bank.WithdrawalEntry, bank.DepositEntry}},
		"reversals":                 {Types: []bank.EntryType{bank.ReversalEntry, bank.TransferReturnedEntry}},
		"back-dated":                {EffectiveUntil: opening.Add(2 * time.Microsecond), Since: opening.Add(2 * time.Microsecond)},
	} {
		for id := range s.accounts {
			for _, page := range []view.Page{{First: 100}, {Last: 100}, {First: 1}, {Last: 1}, {First: 2, After: 9}, {Last: 2, Before: 3}} {
				page.Filter = filter
				if diff := difference(s.page(id, page), modelPage(s.lines[id], page)); diff != "" {
					t.Errorf("%s, page %+v of %s\n%s", name, page, id, diff)
				}
			}
			s.sums(id, filter)
		}
	}
}

func sumsOfLines(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 12))
	huge := s.pay(grace, 3)
	for i := range huge.Transactions {
		huge.Transactions[i].Amount = math.MaxInt64 - int64(i)
		s.lines[grace][i].Amount = huge.Transactions[i].Amount
	}
	s.apply(huge)
	for _, id := range []bank.AccountID{ada, grace, nobody} {
		for _, filter := range []view.Filter{{}, {Credits: true}, {Debits: true}, {Types: []bank.EntryType{bank.WithdrawalEntry, bank.DepositEntry}},
			{Types: []bank.EntryType{bank.WithdrawalEntry}}, {MinAmount: 501}, {Since: opening.Add(3 * time.Microsecond)},
			{Until: opening.Add(3 * time.Microsecond)}, {EffectiveSince: opening.Add(3 * time.Microsecond)}} {
			s.sums(id, filter)
		}
	}
}

// sums have to be those of the lines.
func (s *story) sums(id bank.AccountID, filter view.Filter) {
	s.t.Helper()
	want := view.Sums{Credits: new(big.Int), Debits: new(big.Int)}
	for _, line := range s.lines[id] {
		switch amount := big.NewInt(line.Amount); {
		case !passes(line, filter):
		case line.Credit:
			want.Count++
			want.Credits.Add(want.Credits, amount)
		default:
			want.Count++
			want.Debits.Add(want.Debits, amount)
		}
	}
	got, err := s.store.Sums(s.t.Context(), id, filter)
	if err != nil || got.Count != want.Count || got.Credits.Cmp(want.Credits) != 0 || got.Debits.Cmp(want.Debits) != 0 {
		s.t.Errorf("filter %+v: sums are %+v (%v), want %+v", filter, got, err, want)
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
		"less than none":   {First: 1, Filter: view.Filter{MinAmount: -1}},
		"at most negative": {First: 1, Filter: view.Filter{MaxAmount: -1}},
		"too many types":   {First: 1, Filter: view.Filter{Types: make([]bank.EntryType, view.MaxFilterTypes+1)}},
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
			Types: rapid.SliceOfN(rapid.SampledFrom([]bank.EntryType{bank.DepositEntry, bank.WithdrawalEntry, "FEE"}), 0, 3).Draw(rt, "types"),
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
	if rapid.Bool().Draw(rt, "has amounts") {
		page.Filter.MinAmount = rapid.SampledFrom([]int64{0, 500, 501, 1000}).Draw(rt, "least")
		page.Filter.MaxAmount = rapid.SampledFrom([]int64{0, 499, 500, 1000}).Draw(rt, "most")
	}
	page.Filter.Credits, page.Filter.Debits = rapid.Bool().Draw(rt, "credits"), rapid.Bool().Draw(rt, "debits")
	if rapid.Bool().Draw(rt, "has effective") {
		page.Filter.EffectiveSince = moment.Draw(rt, "effective since")
		page.Filter.EffectiveUntil = moment.Draw(rt, "effective until")
	}
	if rapid.Bool().Draw(rt, "has since") {
		page.Filter.Since = moment.Draw(rt, "since")
	}
	if rapid.Bool().Draw(rt, "has until") {
		page.Filter.Until = moment.Draw(rt, "until")
	}
	return page
}
