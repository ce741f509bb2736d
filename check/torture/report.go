package torture

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/internal/contract"
	"corebank/internal/terminal"
)

// Report is the result of a run. Its JSON form is for machines: fields are
// added, never renamed, and times are in seconds.
type Report struct {
	Seed     uint64    `json:"seed"`
	Began    time.Time `json:"began"`
	Took     Seconds   `json:"took"`
	Clients  int       `json:"clients"`
	Accounts int       `json:"accounts"`
	Machines int       `json:"machines,omitempty"`
	// Violations counts what broke a law.
	Violations int `json:"violations"`
	// Faults counts all, Kinds tells them by kind, Injected one by one.
	Faults      int                     `json:"faults"`
	Kinds       []KindReport            `json:"kinds"`
	Answers     map[contract.Status]int `json:"answers"`
	Log         LogReport               `json:"log"`
	Subscribers WatchReport             `json:"subscribers"`
	Findings    []Finding               `json:"laws"`
	Injected    []Injected              `json:"injected"`
}

// Seconds is a time for machines.
type Seconds float64

func secondsOf(d time.Duration) Seconds { return Seconds(d.Round(time.Millisecond).Seconds()) }

// Duration is the time in whole milliseconds.
func (s Seconds) Duration() time.Duration {
	return time.Duration(math.Round(float64(s)*1e3)) * time.Millisecond
}

// KindReport is how one kind of fault went.
type KindReport struct {
	Kind  Kind `json:"kind"`
	Times int  `json:"times"`
	// Longest is of what lasts the longest that it lasted, 0 of all else.
	Longest Seconds `json:"longest"`
	// Next and Whole are those of Injected.
	Next  Spread `json:"nextAcknowledged"`
	Whole Spread `json:"whole"`
	// Own and Others are the worst of Injected.
	Own    Waits `json:"ownClients"`
	Others Waits `json:"otherClients"`
	// Target is how soon the next command is to be acknowledged; 0 for no
	// target. Met says whether it always was.
	Target Seconds `json:"target,omitempty"`
	Met    bool    `json:"met"`
}

// Spread is what there is to say of many times.
type Spread struct {
	Median Seconds `json:"median"`
	Worst  Seconds `json:"worst"`
}

// LogReport is the log at the end: its events and their accounts, and how many
// of the events were there before the bank was hurt.
type LogReport struct {
	Events   int64 `json:"events"`
	Accounts int   `json:"accounts"`
	Before   int64 `json:"before"`
}

// WatchReport is what all subscribers saw together.
type WatchReport struct {
	Count   int `json:"count"`
	Seen    int `json:"seen"`
	Resumed int `json:"resumed"`
}

// Injected is one fault as it went.
type Injected struct {
	Kind  Kind    `json:"kind"`
	At    Seconds `json:"at"`
	Lasts Seconds `json:"lasts"`
	// Next is how long after the fault the first command was acknowledged that
	// was sent after it; Whole how long until every part ran and the bank said
	// that it is ready. Of what lasts, both are after it was over.
	Next  Seconds `json:"nextAcknowledged"`
	Whole Seconds `json:"whole"`
	// Own is what the clients of the hurt machine's gateway noticed until the bank was whole,
	// Others what those of the other gateways did. They are empty of a bank on one machine.
	Own    Waits `json:"ownClients"`
	Others Waits `json:"otherClients"`
}

// target is how soon the next command is to be acknowledged after a fault; 0 for
// no target.
func target(kind Kind) Seconds {
	if what, _ := kind.split(); what == Kill {
		return 6
	}
	if what, _ := kind.split(); what == Replaced {
		return 5
	}
	switch kind {
	case GatewayLost, ActorsLost:
		return 2
	case PrimaryLost:
		return 10
	}
	if what, _ := kind.split(); kind == Everything || what == "machine" && kind != SlowDisk {
		return 10
	}
	return 0
}

func byKind(injected []Injected) (lines []KindReport) {
	for _, kind := range slices.Concat(Kinds(contract.MaxPartitions), MachineKinds(), ReleaseKinds()) {
		var next, whole []Seconds
		line := KindReport{Kind: kind, Target: target(kind)}
		for _, i := range injected {
			if i.Kind == kind {
				next, whole = append(next, i.Next), append(whole, i.Whole)
				line.Longest = max(line.Longest, i.Lasts)
				line.Own.add(i.Own)
				line.Others.add(i.Others)
			}
		}
		if line.Times = len(next); line.Times == 0 {
			continue
		}
		line.Next, line.Whole = spread(next), spread(whole)
		line.Met = line.Target == 0 || line.reached() <= line.Target
		lines = append(lines, line)
	}
	return lines
}

// reached is what is compared with the target: where the clients of other gateways go on,
// how long the others waited.
func (k KindReport) reached() Seconds {
	if k.Kind == GatewayLost || k.Kind == ActorsLost {
		return k.Own.Longest
	}
	return k.Next.Worst
}

func spread(all []Seconds) Spread {
	slices.Sort(all)
	return Spread{Median: all[len(all)/2], Worst: all[len(all)-1]}
}

// Answered counts all answers.
func (r Report) Answered() (total int) {
	for _, n := range r.Answers {
		total += n
	}
	return total
}

// display shows a person how a run goes. One who no longer reads is no fault of it.
type display struct {
	out     io.Writer
	applied int           // commands, when the last line was written
	at      time.Duration // when it was
}

func (d *display) printf(format string, values ...any) { fmt.Fprintf(d.out, format, values...) }

// shownFaults bounds the faults and kinds that are listed before a run begins.
const shownFaults = 12

func (d *display) plan(c Config) {
	until := fmt.Sprintf("for %v", c.Duration)
	if c.Each > 0 {
		until = fmt.Sprintf("until each kind has happened %d times", c.Each)
	}
	kinds, first := "", make([]string, shownFaults)
	if len(c.Kinds) <= shownFaults {
		kinds = ": " + strings.Join(names(c.Kinds), ", ")
	}
	for plan, n := NewPlan(c.Seed, c.Kinds, c.longest()), 0; n < shownFaults; n++ {
		f := plan.Next()
		if first[n] = string(f.Kind); f.Lasts > 0 {
			first[n] += " " + seconds(f.Lasts)
		}
	}
	d.wrapped(fmt.Sprintf("Torture with seed %d: %d clients on %d accounts, %d subscribers, faults %s\n\n"+
		"  bank   %s\n  faults %d kinds%s\n  first  %s, …\n\n", c.Seed, c.Clients, c.Accounts,
		watchers+min(watchers, c.Accounts), until, c.Data, len(c.Kinds), kinds, strings.Join(first, ", ")))
}

// wrapped prints lines so that they fit a terminal.
func (d *display) wrapped(text string) {
	for line := range strings.Lines(text) {
		d.printf("%s", terminal.Wrap(line, "         "))
	}
}

// fillingEvery is after how many events the filling of the log shows itself.
const fillingEvery = 100_000

func (d *display) filling(records iter.Seq[contract.Record], total int) iter.Seq[contract.Record] {
	return func(yield func(contract.Record) bool) {
		began, n := time.Now(), 0
		for r := range records {
			if n++; n%fillingEvery == 0 && n < total {
				left := time.Since(began) * time.Duration(total-n) / time.Duration(n)
				d.printf("  %s of %s events, about %s left\n", comma(n), comma(total), left.Round(time.Second))
			}
			if !yield(r) {
				return
			}
		}
	}
}

func (d *display) done(what string, events int, took time.Duration) {
	d.printf("%s after %s, %s events a second.\n", what, seconds(took), comma(int(float64(events)/took.Seconds())))
}

func (d *display) ready(at time.Duration, c Config) {
	d.at = at
	d.printf("The bank is ready with %d accounts after %s.\n\n", c.Accounts, seconds(at))
	d.printf(faultLine, "at", "fault", "lasts", "next ack", "ready", "acked/s", "done")
}

// faultLine is the line of a fault, with its times in seconds. It fits a terminal.
const faultLine = "%6s %-28s %6s %8s %6s %7s %s\n"

func (d *display) injected(i Injected, applied int, at time.Duration, done progress) {
	rate := float64(applied-d.applied) / max((at-d.at).Seconds(), 0.001)
	d.applied, d.at = applied, at
	d.printf(faultLine, minutes(i.At.Duration()), i.Kind, i.Lasts, i.Next, i.Whole, fmt.Sprintf("%.0f", rate), done)
}

func (d *display) failed(i Injected, err error) {
	d.printf("%6s %-26s VIOLATION: %v\n", minutes(i.At.Duration()), i.Kind, err)
}

//go:embed report.txt
var reportText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"comma": comma,
	"round": func(s Seconds) time.Duration { return s.Duration().Round(time.Second) },
	"statuses": func() []contract.Status { // in the order in which they are shown
		return []contract.Status{contract.Applied, contract.Replayed, contract.Refused, contract.NotTried,
			contract.Unavailable, contract.Unknown}
	}}).Parse(reportText))

func (d *display) report(r Report) error {
	text := new(strings.Builder)
	table := tabwriter.NewWriter(text, 0, 0, 1, ' ', 0)
	err := errors.Join(reportTemplate.Execute(table, r), table.Flush())
	d.wrapped(text.String())
	return err
}

// Verdict says whether the next command was acknowledged in time.
func (k KindReport) Verdict() string {
	switch {
	case k.Target == 0:
		return ""
	case k.Met:
		return fmt.Sprintf("≤ %g", float64(k.Target))
	default:
		return fmt.Sprintf("OVER %g", float64(k.Target))
	}
}

// String is a time for people; "-" for none.
func (s Seconds) String() string {
	if s == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(s))
}

func comma(n any) string { return humanize.Comma(reflect.ValueOf(n).Int()) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
