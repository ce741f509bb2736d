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

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// WritePage writes the report as one HTML page, which loads nothing else.
func (r Report) WritePage(out io.Writer) error {
	charts := append(r.memoryCharts(), r.rateCharts()...)
	return pageTemplate.Execute(out, map[string]any{"Report": r, "Date": r.Began.Format("2006-01-02"),
		"Charts": append(charts, r.waitChart(), r.cpuChart())})
}

// The geometry of a chart: names at the left, the scale in the middle, values at
// the right.
const (
	chartLeft  = 190.0
	chartScale = 560.0
	chartRight = 110.0
	chartWidth = chartLeft + chartScale + chartRight
	chartTop   = 26.0
	barHeight  = 16.0
	colours    = 8 // in the page's style
	// What matters of a process's memory is whether it is level: each row has
	// room for a curve, with a scale of its own.
	rowHeight      = 30.0
	curveRowHeight = 46.0
	curveHeight    = 38.0
)

// chart is rows of marks over one scale. The template draws one with rows.
type chart struct {
	Title, Note   string
	Width, Height float64
	Rows          int
	Marks         []mark
	rowHeight     float64
}

// mark is one shape or text of a chart. Its kinds are those of page.html.
type mark struct {
	Kind       string
	X, Y, W, H float64
	Colour     int
	Text       string // or the tooltip of a bar or dot, or the points of a curve
}

// row begins a row and returns its middle.
func (c *chart) row(name string) (middle float64) {
	middle = c.bottom() + c.rowHeight/2
	c.Rows++
	c.add(mark{Kind: "name", X: chartLeft - 10, Y: middle + 4, Text: name})
	return middle
}

func (c *chart) add(m mark) { c.Marks = append(c.Marks, m) }

func (c *chart) bar(from, to, middle float64, colour int, tooltip string) {
	c.add(mark{"bar", from, middle - barHeight/2, max(to-from, 0), barHeight, colour, tooltip})
}

func (c *chart) dot(x, middle float64, colour int, tooltip string) {
	c.add(mark{Kind: "dot", X: x, Y: middle, Colour: colour, Text: tooltip})
}

func (c *chart) value(x, middle float64, text string) {
	c.add(mark{Kind: "value", X: x + 8, Y: middle + 4, Text: text})
}

// bottom is where the rows end.
func (c *chart) bottom() float64 { return chartTop + c.rowHeight*float64(c.Rows) }

// finish adds a legend of the colours and sets the size.
func (c *chart) finish(names ...string) chart {
	x, y := chartLeft, c.bottom()+14
	for i, name := range names {
		width := 30 + 7.5*float64(len(name))
		if x+width > chartWidth {
			x, y = chartLeft, y+20
		}
		c.add(mark{Kind: "legend", X: x, Y: y, W: 11, H: 11, Colour: i % colours})
		c.add(mark{Kind: "value", X: x + 16, Y: y + 10, Text: name})
		x += width
	}
	c.Width, c.Height = chartWidth, y+24
	return *c
}

// linear draws a scale from 0 to most and returns the position of a value on it.
func (c *chart) linear(most float64, note string) func(float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(max(most, 1e-9))))
	for most/step < 3 {
		step /= 2
	}
	at := func(v float64) float64 { return chartLeft + chartScale*v/most }
	for v := 0.0; v <= most; v += step {
		c.add(mark{Kind: "tick", X: at(v), Text: amount(v)})
	}
	c.Note = note
	return at
}

// logarithmic draws a scale of powers of ten.
func (c *chart) logarithmic(least, most float64, note string) func(float64) float64 {
	from, to := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	if from == to {
		to++
	}
	at := func(v float64) float64 { return chartLeft + chartScale*(math.Log10(v)-from)/(to-from) }
	for p := from; p <= to; p++ {
		c.add(mark{Kind: "tick", X: at(math.Pow(10, p)), Text: fmt.Sprintf("%g", math.Pow(10, p))})
	}
	c.Note = note
	return at
}

// scales are the units that share a chart. Others differ too much to share one.
var scales = []struct {
	title string
	units []string
}{
	{"Events a second", []string{"events"}},
	{"Commands a second", []string{"deposits", "movements", "commands", "calls"}},
	{"Reads a second", []string{"queries", "pages"}},
	{"Deliveries a second", []string{"deliveries"}},
}

// rateCharts show the rate of each case, and how far apart its repeats are.
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
	c, most := chart{Title: title, rowHeight: rowHeight}, 0.0
	for _, result := range results {
		rate, _ := result.figure(figureRate)
		most = max(most, rate.Most)
	}
	at := c.linear(most, "the median as a bar, each repeat as a dot")
	for _, result := range results {
		rate, _ := result.figure(figureRate)
		row := c.row(result.Name)
		c.bar(chartLeft, at(rate.Median), row, 0, result.Name+": "+rate.Text())
		for i, s := range result.Repeats {
			if v, ok := s.value(figureRate); ok {
				c.dot(at(v), row, 1, fmt.Sprintf("repeat %d: %s %s", i+1, amount(v), rate.Unit))
			}
		}
		c.value(at(rate.Most), row, amount(rate.Median))
	}
	return c.finish()
}

// waitChart shows how long calls take.
func (r Report) waitChart() chart {
	c := chart{Title: "Waits", rowHeight: rowHeight}
	var names []string
	least, most := math.Inf(1), 0.0
	for _, w := range waitFigures {
		names = append(names, w.name)
		for _, result := range r.Results {
			if f, ok := result.figure(w.name); ok && f.Median > 0 {
				least, most = min(least, f.Median), max(most, f.Median)
			}
		}
	}
	if most == 0 {
		return c
	}
	at := c.logarithmic(least, most, "milliseconds from request to answer, each step ten times the one before")
	for _, result := range r.Results {
		if _, ok := result.figure(figureP50); !ok {
			continue
		}
		row := c.row(result.Name)
		var dots []mark
		for i, name := range names {
			if f, ok := result.figure(name); ok && f.Median > 0 {
				dots = append(dots, mark{Kind: "dot", X: at(f.Median), Y: row, Colour: i,
					Text: fmt.Sprintf("%s %s: %s", result.Name, name, f.Text())})
			}
		}
		if len(dots) == 0 {
			continue
		}
		first, last := dots[0], dots[len(dots)-1]
		c.add(mark{Kind: "range", X: first.X, Y: row - 1, W: last.X - first.X, H: 2})
		c.Marks = append(c.Marks, dots...)
	}
	return c.finish(names...)
}

// cpuChart shows the processor time of one operation by process.
func (r Report) cpuChart() chart {
	c := chart{Title: "Processor time of one operation", rowHeight: rowHeight}
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
	names := byTime(total)
	at := c.linear(most, "microseconds, by process")
	for _, result := range r.Results {
		if len(result.CPU) == 0 {
			continue
		}
		row, from := c.row(result.Name), 0.0
		for _, name := range byTime(result.CPU) {
			to := from + result.CPU[name]
			c.bar(at(from), at(to), row, slices.Index(names, name)%colours, name+": "+amount(to-from)+" µs")
			from = to
		}
		c.value(at(from), row, amount(from))
	}
	return c.finish(names...)
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
	c, longest := chart{Title: title, rowHeight: curveRowHeight}, 0.0
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
	at := c.linear(longest/seconds, unit+" from left to right; each process from nothing to its own highest")
	for _, m := range all {
		if m.Most == 0 {
			continue
		}
		row := c.row(m.Process)
		var points []string
		for _, look := range m.Looks {
			y := row + curveHeight/2 - curveHeight*look.MiB/m.Most
			points = append(points, fmt.Sprintf("%.1f,%.1f", at(look.Seconds/seconds), y))
		}
		c.add(mark{Kind: "curve", Text: strings.Join(points, " ")})
		c.value(chartLeft+chartScale, row, strings.Replace(m.Verdict, "grows ", "+", 1))
	}
	return c.finish()
}
