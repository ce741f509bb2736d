package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable writes what a person wants to know first.
func (r Report) WriteTable(out io.Writer) error {
	text := new(strings.Builder)
	for _, line := range r.environmentText() {
		fmt.Fprintln(text, line)
	}
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCASE\tRATE\tSPREAD\tP50\tP99\tCPU/OP\tTARGET\t")
	for _, result := range r.Results {
		writeRow(table, result)
	}
	_ = table.Flush() // into memory
	r.writeMore(text)
	_, err := io.WriteString(out, text.String())
	return err
}

func writeRow(out io.Writer, r Result) {
	rate, rated := r.figure(figureRate)
	rateText, spread := "–", "–"
	if rated {
		rateText, spread = amount(rate.Median)+" "+rate.Unit, spreadText(rate)
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Name, rateText, spread, waitText(r, figureP50), waitText(r, figureP99), cpuText(r), goalsText(r))
}

// writeMore writes ratios, other figures, the processes' shares and failures.
func (r Report) writeMore(text *strings.Builder) {
	if len(r.Ratios) > 0 {
		fmt.Fprintln(text, "\nRatios within the same repeats (median, least to most)")
	}
	for _, ratio := range r.Ratios {
		fmt.Fprintf(text, "  %s\n", ratio.text())
	}
	for _, result := range r.Results {
		if line := result.more(); line != "" {
			fmt.Fprintf(text, "\n%s: %s\n%s", result.Name, result.About, line)
		}
		result.writeMemory(text)
	}
}

func (r Ratio) text() string {
	text := fmt.Sprintf("%s / %s: %.2f (%.2f to %.2f)", r.Over, r.Under, r.Median, r.Least, r.Most)
	if r.Goal > 0 {
		text += fmt.Sprintf("  target ≥ %.2f %s", r.Goal, verdict(r.Median >= r.Goal))
	}
	return text
}

// more is what the table has no column for.
func (r Result) more() string {
	text := new(strings.Builder)
	for _, f := range r.otherFigures() {
		fmt.Fprintf(text, "  %s: %s\n", f.Name, f.Text())
	}
	if len(r.CPU) > 0 {
		fmt.Fprintf(text, "  processor time, µs: %s\n", sharesText(r.CPU))
	}
	if r.Failed > 0 {
		fmt.Fprintf(text, "  %d calls failed: %s\n", r.Failed, strings.Join(r.failures(), "; "))
	}
	return text.String()
}

// otherFigures are those that not every case has.
func (r Result) otherFigures() []Figure {
	return slices.DeleteFunc(slices.Clone(r.Figures), func(f Figure) bool {
		return slices.Contains([]string{figureRate, figureP50, figureP90, figureP99, figureP999, figureMost}, f.Name)
	})
}

// spreadText is half the distance of the extremes, as a share of the median.
func spreadText(f Figure) string { return fmt.Sprintf("±%.0f %%", 50*f.Spread()) }

func (r Result) failures() []string {
	var reasons []string
	for _, s := range r.Repeats {
		reasons = append(reasons, s.Failures...)
	}
	slices.Sort(reasons)
	reasons = slices.Compact(reasons)
	return reasons[:min(len(reasons), failuresKept)]
}

// byShare are the names of processes, the most expensive first.
func byShare(cpu map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(cpu), func(a, b string) int {
		return cmp.Or(cmp.Compare(cpu[b], cpu[a]), strings.Compare(a, b))
	})
}

func sharesText(cpu map[string]float64) string {
	var parts []string
	for _, name := range byShare(cpu) {
		parts = append(parts, fmt.Sprintf("%s %s", name, amount(cpu[name])))
	}
	return strings.Join(parts, ", ")
}

func waitText(r Result, name string) string {
	f, ok := r.figure(name)
	if !ok {
		return "–"
	}
	return milliseconds(f.Median)
}

func cpuText(r Result) string {
	if len(r.CPU) == 0 {
		return "–"
	}
	return amount(r.CPUTotal()) + " µs"
}

func goalsText(r Result) string {
	var parts []string
	for _, g := range r.Goals {
		parts = append(parts, fmt.Sprintf("%s %s %s", g.Figure, g, verdict(g.Met)))
	}
	return strings.Join(parts, ", ")
}

func verdict(met bool) string {
	if met {
		return "✓"
	}
	return "missed"
}

func milliseconds(ms float64) string { return amount(ms) + " ms" }

// amount is a number with three digits that matter, or all before the point.
func amount(v float64) string {
	switch size := math.Abs(v); {
	case size >= 1000:
		return thousands(int64(math.Round(v)))
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(int64(n)) + " " + what + "s"
}

func memoryText(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f GiB", float64(bytes)/(1<<30))
}

func modulesText(modules map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		parts = append(parts, name+" "+modules[name])
	}
	return strings.Join(parts, ", ")
}
