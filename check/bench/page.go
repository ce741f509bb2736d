package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.Must(template.New("environment").Funcs(functions).Parse(environmentText)).
	New("page").Parse(pageText))

// WritePage writes the report as one HTML page, which loads nothing else.
func (r Report) WritePage(out io.Writer) error {
	charts := append(r.memoryCharts(), r.rateCharts()...)
	return pageTemplate.Execute(out, map[string]any{"Report": r, "Date": r.Began.Format("2006-01-02"),
		"Charts": append(charts, r.waitChart(), r.cpuChart())})
}

// The geometry of a chart that depends on its figures; the page has the rest.
const (
	chartScale  = 560.0 // the width of the scale
	colours     = 8     // in the page's style
	rowHeight   = 30.0
	curveHeight = 38.0
	// What matters of a process's memory is whether it is level: each row has
	// room for a curve, with a scale of its own.
	curveRowHeight = 46.0
)

// chart is rows over one scale, from its left end. The page draws it if it has rows.
type chart struct {
	Title, Note string
	Ticks       []mark
	Rows        []row
	Legend      []string // of the colours
	RowHeight   float64
}

// row is what a chart shows of one case or process.
type row struct {
	Name       string
	Bars, Dots []mark
	From, To   float64 // of a line below the dots
	Curve      string  // its points
	Value      mark    // the text at the right
}

// mark is a shape or a text at X. W is the width of a bar.
type mark struct {
	X, W   float64
	Colour int
	Text   string // or the tooltip of a bar or dot
}

// Middle is the middle of a row, Bottom the end of all.
func (c chart) Middle(row int) float64 { return 26 + c.RowHeight*(float64(row)+0.5) }
func (c chart) Bottom() float64        { return 26 + c.RowHeight*float64(len(c.Rows)) }

// linear draws a scale from 0 to most and returns the position of a value on it.
func (c *chart) linear(most float64) func(float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(max(most, 1e-9))))
	for most/step < 3 {
		step /= 2
	}
	at := func(v float64) float64 { return chartScale * v / most }
	for v := 0.0; v <= most; v += step {
		c.Ticks = append(c.Ticks, mark{X: at(v), Text: amount(v)})
	}
	return at
}

// logarithmic draws a scale of powers of ten.
func (c *chart) logarithmic(least, most float64) func(float64) float64 {
	from, to := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	if from == to {
		to++
	}
	at := func(v float64) float64 { return chartScale * (math.Log10(v) - from) / (to - from) }
	for p := from; p <= to; p++ {
		c.Ticks = append(c.Ticks, mark{X: at(math.Pow(10, p)), Text: fmt.Sprintf("%g", math.Pow(10, p))})
	}
	return at
}

// scales are the units that share a chart. Others differ too much to share one.
var scales = []struct {
	title string
	units []string
}{
	{"Events a second", []string{"events"}},
	{"Commands a second", []string{"deposits", "movements", "transfers", "transactions", "commands", "calls"}},
	{"Reads a second", []string{"queries", "pages"}},
	{"Deliveries a second", []string{"deliveries"}},
}

func (r Report) rateCharts() (charts []chart) {
	for _, scale := range scales {
		alike := slices.DeleteFunc(slices.Clone(r.Results), func(result Result) bool {
			rate, rated := result.figure(figureRate)
			return !slices.Contains(scale.units, result.Unit) || !rated || rate.Most == 0
		})
		if len(alike) > 0 {
			charts = append(charts, rateChart(scale.title, alike))
		}
	}
	return charts
}

func rateChart(title string, results []Result) chart {
	c, most := chart{Title: title, Note: "the median as a bar, each repeat as a dot", RowHeight: rowHeight}, 0.0
	for _, result := range results {
		rate, _ := result.figure(figureRate)
		most = max(most, rate.Most)
	}
	at := c.linear(most)
	for _, result := range results {
		rate, _ := result.figure(figureRate)
		row := row{Name: result.Name, Bars: []mark{{W: at(rate.Median), Text: result.Name + ": " + rate.String()}},
			Value: mark{X: at(rate.Most), Text: amount(rate.Median)}}
		for i, s := range result.Repeats {
			if v, ok := s.value(figureRate); ok {
				row.Dots = append(row.Dots, mark{X: at(v), Colour: 1,
					Text: fmt.Sprintf("repeat %d: %s %s", i+1, amount(v), rate.Unit)})
			}
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

func (r Report) waitChart() chart {
	c := chart{Title: "Waits", RowHeight: rowHeight,
		Note: "milliseconds from request to answer, each step ten times the one before"}
	waits := make([][]Figure, len(r.Results)) // more than 0, by case
	least, most := math.Inf(1), 0.0
	for i, result := range r.Results {
		for _, w := range waitFigures {
			if f, ok := result.figure(w.name); ok && f.Median > 0 {
				waits[i] = append(waits[i], f)
				least, most = min(least, f.Median), max(most, f.Median)
			}
		}
	}
	if most == 0 {
		return c
	}
	at := c.logarithmic(least, most)
	for _, w := range waitFigures {
		c.Legend = append(c.Legend, w.name)
	}
	for i, figures := range waits {
		if len(figures) == 0 {
			continue
		}
		row := row{Name: r.Results[i].Name, From: at(figures[0].Median), To: at(figures[len(figures)-1].Median)}
		for _, f := range figures {
			row.Dots = append(row.Dots, mark{X: at(f.Median), Colour: slices.Index(c.Legend, f.Name),
				Text: fmt.Sprintf("%s %s: %s", row.Name, f.Name, f)})
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

func (r Report) cpuChart() chart {
	c := chart{Title: "Processor time of one operation", Note: "microseconds, by process", RowHeight: rowHeight}
	total, most := make(map[string]float64), 0.0
	for _, result := range r.Results {
		most = max(most, result.CPUTotal())
		for name, micros := range result.CPU {
			total[name] += micros
		}
	}
	if most == 0 {
		return c
	}
	c.Legend = byTime(total)
	at := c.linear(most)
	for _, result := range r.Results {
		if len(result.CPU) == 0 {
			continue
		}
		row, from := row{Name: result.Name}, 0.0
		for _, name := range byTime(result.CPU) {
			row.Bars = append(row.Bars, mark{X: at(from), W: at(result.CPU[name]),
				Colour: slices.Index(c.Legend, name) % colours, Text: name + ": " + amount(result.CPU[name]) + " µs"})
			from += result.CPU[name]
		}
		row.Value = mark{X: at(from), Text: amount(from)}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// memoryCharts show memory over time, one chart for each repeat that monitored it.
func (r Report) memoryCharts() (charts []chart) {
	for _, result := range r.Results {
		for i, sample := range result.Repeats {
			title := "Memory over time"
			if len(result.Repeats) > 1 {
				title += fmt.Sprintf(", repeat %d", i+1)
			}
			charts = append(charts, memoryChart(title, sample.Memory))
		}
	}
	return charts
}

func memoryChart(title string, all []Memory) chart {
	c, longest := chart{Title: title, RowHeight: curveRowHeight}, 0.0
	for _, m := range all {
		if n := len(m.Looks); n > 0 {
			longest = max(longest, m.Looks[n-1].Seconds)
		}
	}
	if longest == 0 {
		return c
	}
	unit, seconds := "seconds", 1.0
	if longest >= 600 {
		unit, seconds = "minutes", 60
	}
	c.Note = unit + " from left to right; each process from nothing to its own highest"
	at := c.linear(longest / seconds)
	for _, m := range all {
		if m.Most == 0 {
			continue
		}
		var points []string
		for _, look := range m.Looks {
			points = append(points, fmt.Sprintf("%.1f,%.1f", at(look.Seconds/seconds), curveHeight*(0.5-look.MiB/m.Most)))
		}
		c.Rows = append(c.Rows, row{Name: m.Process, Curve: strings.Join(points, " "),
			Value: mark{X: chartScale, Text: strings.Replace(m.Verdict, "grows ", "+", 1)}})
	}
	return c
}
