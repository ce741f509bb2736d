package bench

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"

	"github.com/dustin/go-humanize"
)

var (
	//go:embed report.txt
	reportText string
	// environmentText is the machine, the versions and the settings, on both.
	//go:embed environment.txt
	environmentText string
)

// functions are those of both templates.
var functions = map[string]any{"amount": amount, "signed": signed, "verdict": verdict, "join": strings.Join,
	"colour": func(i int) int { return i % colours }, "count": count,
	"gibibytes": func(bytes int64) string { return fmt.Sprintf("%.0f GiB", float64(bytes)/(1<<30)) }}

var reportTemplate = template.Must(template.Must(template.New("environment").Funcs(functions).Parse(environmentText)).
	New("report").Parse(reportText))

// WriteTable writes the report as text.
func (r Report) WriteTable(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if err := reportTemplate.Execute(table, r); err != nil {
		return err
	}
	return table.Flush()
}

// OtherFigures are those that not every case has.
func (r Result) OtherFigures() []Figure {
	return slices.DeleteFunc(slices.Clone(r.Figures), func(f Figure) bool {
		return slices.Contains([]string{figureRate, figureP50, figureP90, figureP99, figureP999, figureMax}, f.Name)
	})
}

// FailureTexts are the number of failed calls and some reasons; nil for none.
func (r Result) FailureTexts() []string {
	if r.Failed == 0 {
		return nil
	}
	var reasons []string
	for _, s := range r.Repeats {
		reasons = append(reasons, s.Failures...)
	}
	slices.Sort(reasons)
	reasons = slices.Compact(reasons)
	return append([]string{fmt.Sprintf("%d calls failed", r.Failed)}, reasons[:min(len(reasons), maxFailures)]...)
}

const none = "–" // for what was not measured

func (r Result) Text(name string) string {
	f, ok := r.figure(name)
	if !ok {
		return none
	}
	return amount(f.Median) + " " + f.Unit
}

// SpreadText is half the distance of the rate's extremes, as a share of the median.
func (r Result) SpreadText() string {
	f, ok := r.figure(figureRate)
	if !ok {
		return none
	}
	return fmt.Sprintf("±%.0f %%", 50*f.Spread())
}

func (r Result) CPUText() string {
	if len(r.CPU) == 0 {
		return none
	}
	return amount(r.CPUTotal()) + " µs"
}

// CPUTexts are the processes and their times, the most expensive first.
func (r Result) CPUTexts() (parts []string) {
	for _, name := range byTime(r.CPU) {
		parts = append(parts, name+" "+amount(r.CPU[name]))
	}
	return parts
}

func (f Figure) String() string {
	if amount(f.Least) == amount(f.Most) {
		return amount(f.Median) + " " + f.Unit
	}
	return fmt.Sprintf("%s %s (%s to %s)", amount(f.Median), f.Unit, amount(f.Least), amount(f.Most))
}

func (r Ratio) String() string {
	of := ""
	if r.Figure != figureRate {
		of = ", " + r.Figure
	}
	return fmt.Sprintf("%s / %s%s: %.2f (%.2f to %.2f)", r.Over, r.Under, of, r.Median, r.Least, r.Most)
}

func (r Ratio) GoalText() string { return r.goal().String() }

func (r Ratio) Met() bool { return r.goal().Met(r.Median) }

const memoryNote = "Resident memory in MiB, read every %s: medians after the first tenth, in the middle and of the " +
	"last tenth; the highest; the part of the last that belongs to no file. Growth is the median of the slopes between " +
	"any two readings (Theil and Sen), by the hour, after the first tenth and in the second half. Memory is flat below " +
	"%g MiB/h or %g %% of what there is, whichever is more. Caches fill first, each up to a bound: docs/scaling.md has " +
	"them."

// MemoryNote says how to read the memory of a repeat.
func (s Sample) MemoryNote() string {
	interval := "once"
	for _, m := range s.Memory {
		if n := len(m.Looks); n > 1 {
			interval = amount((m.Looks[n-1].Seconds-m.Looks[0].Seconds)/float64(n-1)) + " s"
			break
		}
	}
	return fmt.Sprintf(memoryNote, interval, flatMin, 100*flatShare)
}

// byTime are the names of processes, the most expensive first.
func byTime(cpu map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(cpu), func(a, b string) int {
		return cmp.Or(cmp.Compare(cpu[b], cpu[a]), strings.Compare(a, b))
	})
}

func verdict(met bool) string {
	if met {
		return "✓"
	}
	return "missed"
}

func milliseconds(ms float64) string { return amount(ms) + " ms" }

// amount is a number with three significant digits, or all before the point.
func amount(v float64) string {
	switch size := math.Abs(v); {
	case size >= 1000:
		return humanize.Comma(int64(math.Round(v)))
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func signed(v float64) string {
	if math.Signbit(v) {
		return amount(v)
	}
	return "+" + amount(v)
}

func thousands(n int) string { return humanize.Comma(int64(n)) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}
