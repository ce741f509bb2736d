package viewtest

import (
	"fmt"
	"slices"
	"time"

	"corebank/internal/view"
)

// modelPage is what a page must be, found by looking at every line.
func modelPage(oldestFirst []view.Transaction, page view.Page) view.Lines {
	var all, window []view.Transaction
	for _, line := range slices.Backward(oldestFirst) {
		if !passes(line, page.Filter) {
			continue
		}
		all = append(all, line)
		if (page.After == 0 || line.Version < page.After) && line.Version > page.Before {
			window = append(window, line)
		}
	}
	cut := window
	if page.First > 0 {
		cut = window[:min(page.First, len(window))]
	} else {
		cut = window[len(window)-min(page.Last, len(window)):]
	}
	newest, oldest := page.After-1, page.Before+1 // an empty page stands between its bounds
	if len(cut) > 0 {
		newest, oldest = cut[0].Version, cut[len(cut)-1].Version
	}
	lines := view.Lines{Transactions: cut}
	for _, line := range all {
		lines.Newer = lines.Newer || (line.Version > newest && (len(cut) > 0 || page.After > 0))
		lines.Older = lines.Older || (line.Version < oldest && (len(cut) > 0 || page.Before > 0))
	}
	return lines
}

func passes(line view.Transaction, f view.Filter) bool {
	switch {
	case len(f.Types) > 0 && !slices.Contains(f.Types, line.Type),
		!within(line.OccurredAt, f.Since, f.Until), !within(line.EffectiveAt, f.EffectiveSince, f.EffectiveUntil),
		line.Amount < f.MinAmount, f.MaxAmount > 0 && line.Amount > f.MaxAmount,
		f.Credits && !f.Debits && !line.Credit, f.Debits && !f.Credits && line.Credit,
		f.Reference != "" && line.Reference != f.Reference, f.ExternalID != "" && line.ExternalID != f.ExternalID,
		f.Counterparty != "" && line.Counterparty != f.Counterparty, f.Transfer != "" && line.Transfer != f.Transfer:
		return false
	}
	return true
}

// within reports whether a time is in an interval that is open where an end is
// zero.
func within(t, since, until time.Time) bool {
	return (since.IsZero() || !t.Before(since)) && (until.IsZero() || t.Before(until))
}

// difference is empty when the lines are those wanted.
func difference(got, want view.Lines) string {
	if slices.Equal(got.Transactions, want.Transactions) && got.Newer == want.Newer && got.Older == want.Older {
		return ""
	}
	return fmt.Sprintf("got  %v\nwant %v", brief(got), brief(want))
}

func brief(lines view.Lines) string {
	versions := make([]int64, len(lines.Transactions))
	for i, line := range lines.Transactions {
		versions[i] = line.Version
	}
	return fmt.Sprintf("versions %v, newer %t, older %t", versions, lines.Newer, lines.Older)
}
