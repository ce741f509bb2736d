package torture

import (
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/internal/contract"
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
	until := fmt.Sprintf("for %v", c.Duration)
	if c.Each > 0 {
		until = fmt.Sprintf("until each kind was there %d times", c.Each)
	}
	s.printf("Torture with seed %d: %d clients on %d accounts, %d subscribers, faults %s\n\n",
		c.Seed, c.Clients, c.Accounts, watchers+min(watchers, c.Accounts), until)
	s.printf("  bank   %s\n  faults %d kinds: %s\n  first  ", c.Data, len(c.Kinds), summary(c.Kinds, c.Partitions))
	plan := NewPlan(c.Seed, c.Kinds, c.longest())
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
func summary(kinds []Kind, partitions int) string {
	var words []string
	for _, kind := range kinds {
		what, part := kind.split()
		if slices.Contains(words, what) {
			continue
		}
		sort, _ := ParseKinds(what, partitions)
		if part != "" && slices.ContainsFunc(sort, func(k Kind) bool { return !slices.Contains(kinds, k) }) {
			what = string(kind)
		}
		words = append(words, what)
	}
	return strings.Join(words, ", ")
}

// fillingEvery is after how many events the filling of the log shows itself.
const fillingEvery = 100_000

// filling shows how the log is filled.
func (s *screen) filling(records iter.Seq[contract.Record], total int) iter.Seq[contract.Record] {
	return func(yield func(contract.Record) bool) {
		began, n := time.Now(), 0
		for r := range records {
			if n++; n%fillingEvery == 0 && n < total {
				left := time.Since(began) * time.Duration(total-n) / time.Duration(n)
				s.printf("  %s of %s events, about %s left\n", humanize.Comma(int64(n)), humanize.Comma(int64(total)), left.Round(time.Second))
			}
			if !yield(r) {
				return
			}
		}
	}
}

func (s *screen) filled(events, accounts int, took time.Duration) {
	s.printf("The log has %s events of %s accounts after %s, %s a second.\n", humanize.Comma(int64(events)), humanize.Comma(int64(accounts)),
		seconds(took), humanize.Comma(int64(float64(events)/took.Seconds())))
}

func (s *screen) following(at int64, events int) {
	s.printf("  the views have %s of %s events\n", humanize.Comma(at), humanize.Comma(int64(events)))
}

func (s *screen) followed(events int, took time.Duration) {
	s.printf("The views have them after %s, %s a second.\n", seconds(took), humanize.Comma(int64(float64(events)/took.Seconds())))
}

func (s *screen) ready(at time.Duration, c Config) {
	s.at = at
	s.printf("The bank is ready with %d accounts after %s.\n\n", c.Accounts, seconds(at))
	s.printf("  %6s  %-28s %8s %10s %10s %10s   %s\n", "at", "fault", "lasts", "next ack", "whole", "acked/s", "done")
}

// injected shows one fault, and how far the run is.
func (s *screen) injected(i Injected, applied int, at time.Duration, done progress) {
	rate := float64(applied-s.applied) / max((at-s.at).Seconds(), 0.001)
	s.applied, s.at = applied, at
	lasts := "-"
	if i.Lasts > 0 {
		lasts = seconds(i.Lasts)
	}
	s.printf("  %6s  %-28s %8s %10s %10s %10.0f   %s\n", minutes(i.At), i.Kind, lasts, seconds(i.Next), seconds(i.Whole), rate, done)
}

func (s *screen) failed(i Injected, err error) {
	s.printf("  %6s  %-28s VIOLATION: %v\n", minutes(i.At), i.Kind, err)
}

func (s *screen) checking() {
	s.printf("\nThe faults are over. Healing, waiting until nothing moves, checking …\n\n")
}

// sorts are the headings of the report, by the word before the colon.
var sorts = map[string]string{
	Kill:               "killed, all at once: SIGKILL",
	string(Everything): "killed, all at once: SIGKILL",
	Freeze:             "frozen for a while: SIGSTOP, SIGCONT; times are after that",
	Slow:               "slow connections: 50 to 250 ms more, each way; times are after that",
	Cut:                "connections cut, and none taken; times are after that",
	Deaf:               "what goes to it is lost; times are after that",
	Mute:               "what comes from it is lost; times are after that",
	disk:               "a disk without room; times are after that",
}

const otherSort = "broker, messages, data, other writers"

func (s *screen) report(r Report) {
	s.printf("  %-28s %5s %8s   %8s %8s   %8s %8s\n", "", "times", "up to", "next ack", "worst", "whole", "worst")
	heading := ""
	for _, line := range r.Kinds {
		what, _ := line.Kind.split()
		sort := sorts[what]
		if sort == "" {
			sort = otherSort
		}
		if sort != heading {
			heading = sort
			s.printf("\n  %s\n", strings.ToUpper(sort[:1])+sort[1:])
		}
		s.line(line)
	}
	s.totals(r)
	s.laws(r)
}

// line is one kind of fault in the report.
func (s *screen) line(k KindReport) {
	longest := "-"
	if k.Longest > 0 {
		longest = k.Longest.String()
	}
	s.printf("  %-28s %5d %8s   %8s %8s   %8s %8s  %s\n", k.Kind, k.Times, longest,
		k.Next.Median, k.Next.Worst, k.Whole.Median, k.Whole.Worst, gauge(k))
}

// String is a time for people.
func (s Seconds) String() string { return fmt.Sprintf("%.2f s", float64(s)) }

// gaugeWidth is how many signs stand for a target, or for six seconds.
const gaugeWidth = 12

// gauge draws the worst time until the next acknowledgement beside its target.
func gauge(k KindReport) string {
	scale := float64(k.Target)
	if scale == 0 {
		scale = targetPart.Seconds()
	}
	filled := int(math.Ceil(float64(k.Next.Worst) / scale * gaugeWidth))
	bar := strings.Repeat("█", min(filled, gaugeWidth)) + strings.Repeat("·", max(0, gaugeWidth-filled))
	switch {
	case k.Target == 0:
		return bar
	case k.Met:
		return fmt.Sprintf("%s of %g s", bar, float64(k.Target))
	default:
		return fmt.Sprintf("%s OVER %g s", bar, float64(k.Target))
	}
}

func (s *screen) totals(r Report) {
	total := 0
	for _, n := range r.Answers {
		total += n
	}
	s.printf("\n  answers      %s: %s applied, %s replayed, %s refused, %s unavailable, %s unknown\n", humanize.Comma(int64(total)),
		humanize.Comma(int64(r.Answers[contract.Applied])), humanize.Comma(int64(r.Answers[contract.Replayed])), humanize.Comma(int64(r.Answers[contract.Refused])),
		humanize.Comma(int64(r.Answers[contract.Unavailable])), humanize.Comma(int64(r.Answers[contract.Unknown])))
	before := ""
	if r.Log.Before > 0 {
		before = fmt.Sprintf(", %s of them before the first fault", humanize.Comma(r.Log.Before))
	}
	s.printf("  log          %s events of %s accounts%s\n", humanize.Comma(r.Log.Events), humanize.Comma(int64(r.Log.Accounts)), before)
	s.printf("  subscribers  %d saw %s transactions and resumed %s times\n", r.Subscribers.Count,
		humanize.Comma(int64(r.Subscribers.Seen)), humanize.Comma(int64(r.Subscribers.Resumed)))
	s.printf("  time         %s\n\n", time.Duration(float64(r.Took)*float64(time.Second)).Round(time.Second))
}

func (s *screen) laws(r Report) {
	for _, f := range r.Findings {
		verdict := "ok"
		if f.Violations > 0 {
			verdict = fmt.Sprintf("%d VIOLATIONS", f.Violations)
		}
		s.printf("  %-13s %11s checked  %-3s %s\n", f.Law, humanize.Comma(f.Checked), verdict, f.Sentence)
		for _, example := range f.Examples {
			s.printf("      %s\n", example)
		}
	}
	if r.Violations == 0 {
		s.printf("\n%s faults of %d kinds, no violation: the bank kept its word.\n", humanize.Comma(int64(r.Faults)), len(r.Kinds))
		return
	}
	s.printf("\n%s faults of %d kinds, %d VIOLATIONS: the bank broke its word.\n", humanize.Comma(int64(r.Faults)), len(r.Kinds), r.Violations)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
