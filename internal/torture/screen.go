package torture

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// screen tells a person how it goes.
type screen struct {
	out     io.Writer
	applied int           // commands, when the last line was written
	at      time.Duration // when it was
}

func (s *screen) printf(format string, values ...any) { fmt.Fprintf(s.out, format, values...) }

// shownFaults bounds the faults of a plan that are shown before it begins.
const shownFaults = 12

func (s *screen) plan(c Config) {
	s.printf("Torture with seed %d: %d clients on %d accounts, %d subscribers, faults for %v\n\n",
		c.Seed, c.Clients, c.Accounts, watchers+min(watchers, c.Accounts), c.Duration)
	s.printf("  bank   %s\n  faults %d kinds: %s\n  first  ", c.Data, len(c.Kinds), summary(c.Kinds))
	plan := NewPlan(c.Seed, c.Kinds, Longest(c.Duration))
	var first []string
	for range shownFaults {
		f := plan.Next()
		text := string(f.Kind)
		if f.Lasts > 0 {
			text += " " + seconds(f.Lasts)
		}
		first = append(first, text)
	}
	s.printf("%s, …\n\n", strings.Join(first, ", "))
}

// summary names kinds, with one word for all of a sort.
func summary(kinds []Kind) string {
	var words []string
	for _, kind := range kinds {
		what, part := kind.split()
		if slices.Contains(words, what) {
			continue
		}
		sort, _ := ParseKinds(what)
		if part != "" && slices.ContainsFunc(sort, func(k Kind) bool { return !slices.Contains(kinds, k) }) {
			what = string(kind)
		}
		words = append(words, what)
	}
	return strings.Join(words, ", ")
}

func (s *screen) ready(at time.Duration, c Config) {
	s.at = at
	s.printf("The bank is ready with %d accounts after %s.\n\n", c.Accounts, seconds(at))
	s.printf("  %6s  %-26s %8s %10s %10s %12s\n", "at", "fault", "lasts", "next ack", "whole", "acked/s")
}

func (s *screen) injected(i Injected, r *record, at time.Duration) {
	applied := r.count(Applied)
	rate := float64(applied-s.applied) / max((at-s.at).Seconds(), 0.001)
	s.applied, s.at = applied, at
	lasts := "-"
	if i.Lasts > 0 {
		lasts = seconds(i.Lasts)
	}
	s.printf("  %6s  %-26s %8s %10s %10s %12.0f\n", minutes(i.At), i.Kind, lasts, seconds(i.Next), seconds(i.Whole), rate)
}

func (s *screen) failed(i Injected, err error) {
	s.printf("  %6s  %-26s VIOLATION: %v\n", minutes(i.At), i.Kind, err)
}

func (s *screen) checking() {
	s.printf("\nThe faults are over. Healing, waiting until nothing moves, checking …\n\n")
}

func (s *screen) report(r Report, e *Evidence) {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "  fault\ttimes\tnext ack: median\tmost\twhole: median\tmost\t\n")
	for _, line := range byKind(r.Injected) {
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\t%s\t\n", line.kind, len(line.next),
			seconds(median(line.next)), seconds(slices.Max(line.next)), seconds(median(line.whole)), seconds(slices.Max(line.whole)))
	}
	_ = table.Flush() // to a screen
	total := 0
	for _, n := range r.Answers {
		total += n
	}
	resumed, seen := 0, 0
	for _, w := range e.Watches {
		resumed, seen = resumed+max(0, w.Subscribed-1), seen+len(w.Seen)
	}
	s.printf("\n  answers      %d: %d applied, %d replayed, %d refused, %d unavailable, %d unknown\n", total,
		r.Answers[Applied], r.Answers[Replayed], r.Answers[Refused], r.Answers[Unavailable], r.Answers[Unknown])
	s.printf("  log          %d events of %d accounts\n", len(e.log), len(e.streams))
	s.printf("  subscribers  %d saw %d transactions and resumed %d times\n", len(e.Watches), seen, resumed)
	s.printf("  time         %s\n\n", r.Took.Round(time.Second))
	for _, f := range r.Findings {
		verdict := "ok"
		if f.Violations > 0 {
			verdict = fmt.Sprintf("%d VIOLATIONS", f.Violations)
		}
		s.printf("  %-52s %9d checked   %s\n", f.Law, f.Checked, verdict)
		for _, example := range f.Examples {
			s.printf("      %s\n", example)
		}
	}
	if r.Violations == 0 {
		s.printf("\n%d faults, no violation: the bank kept its word.\n", len(r.Injected))
		return
	}
	s.printf("\n%d faults, %d VIOLATIONS: the bank broke its word.\n", len(r.Injected), r.Violations)
}

// recovered is how one kind of fault went.
type recovered struct {
	kind        Kind
	next, whole []time.Duration
}

func byKind(injected []Injected) []recovered {
	var lines []recovered
	for _, kind := range Kinds() {
		line := recovered{kind: kind}
		for _, i := range injected {
			if i.Kind == kind {
				line.next, line.whole = append(line.next, i.Next), append(line.whole, i.Whole)
			}
		}
		if len(line.next) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
