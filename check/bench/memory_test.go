package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

// hourOf are looks at a process every ten seconds for an hour.
func hourOf(mib func(minute float64) float64) (looks []Look) {
	for s := 0.0; s <= 3600; s += 10 {
		looks = append(looks, Look{Seconds: s, MiB: mib(s / 60), Own: mib(s/60) / 2})
	}
	return looks
}

func TestASlopeIsNotMovedByAFewLooks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var times, values []float64
	for i := range 360 {
		times = append(times, float64(i))
		value := 100 + 0.5*float64(i) + 20*random.Float64()
		if i%5 == 0 {
			value += 1000 // the heap before it was swept
		}
		values = append(values, value)
	}
	if got := slope(times, values); math.Abs(got-0.5) > 0.05 {
		t.Errorf("the slope is %v, want 0.5", got)
	}
	for name, of := range map[string][]float64{"nothing": nil, "one": {7}} {
		if got := slope(of, of); got != 0 {
			t.Errorf("the slope of %s is %v", name, got)
		}
	}
	if got := slope([]float64{1, 1, 2}, []float64{5, 9, 7}); got != 0 {
		t.Errorf("of looks at the same moment, the slope is %v", got)
	}
}

func TestALongRunIsThinnedEvenly(t *testing.T) {
	values := make([]float64, 8640) // a day
	for i := range values {
		values[i] = 3 * float64(i)
	}
	if got := thinned(values); len(got) != trendPoints || got[0] != 0 || got[trendPoints-1] < 0.99*values[8639] {
		t.Errorf("%d values from %v to %v", len(got), got[0], got[len(got)-1])
	}
	if got := slope(values, values); got != 1 {
		t.Errorf("the slope is %v, want 1", got)
	}
}

func TestAVerdictTellsALeakFromACacheThatFills(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for want, mib := range map[string]func(minute float64) float64{
		"flat":             func(float64) float64 { return 100 + 30*random.Float64() },
		"levels off":       func(m float64) float64 { return 300 - 200*math.Exp(-m/8) },
		"grows 60.0 MiB/h": func(m float64) float64 { return 200 + m },
	} {
		if got := memoryFrom("actor", 1, hourOf(mib)); got.Verdict != want {
			t.Errorf("%q, want %q: %v MiB/h, then %v", got.Verdict, want, got.PerHour, got.LateHour)
		}
	}
	falling := memoryFrom("server", 1, hourOf(func(m float64) float64 { return 300 - m }))
	if falling.Verdict != "flat" || falling.PerHour > -59 {
		t.Errorf("memory that is given back is %q at %v MiB/h", falling.Verdict, falling.PerHour)
	}
	short := memoryFrom("server", 1, hourOf(func(m float64) float64 { return 100 + m })[:30])
	if short.Verdict != "too short to tell" {
		t.Errorf("after five minutes: %q", short.Verdict)
	}
	if died := memoryFrom("immudb", 2, hourOf(func(float64) float64 { return 5 })); died.Verdict != "was started 2 times" {
		t.Errorf("a process that died: %q", died.Verdict)
	}
	if none := memoryFrom("none", 0, nil); none.Verdict != "never seen" {
		t.Errorf("without a reading: %q", none.Verdict)
	}
}

// What a process has while it starts is not what it has.
func TestMemoryIsToldByTenths(t *testing.T) {
	m := memoryFrom("projector", 1, hourOf(func(minute float64) float64 {
		switch {
		case minute < 6:
			return 900
		case minute < 30:
			return 100
		case minute < 54:
			return 104
		default:
			return 106
		}
	}))
	if m.Early != 100 || m.Mid < 100 || m.Mid > 104 || m.Late != 106 || m.Own != 53 || m.Most != 900 {
		t.Errorf("%v, then %v, then %v of which %v its own; at most %v", m.Early, m.Mid, m.Late, m.Own, m.Most)
	}
}

func TestFewLooksAreEnoughForAReport(t *testing.T) {
	for n := 1; n < 12; n++ {
		m := memoryFrom("up", 1, hourOf(func(float64) float64 { return 50 })[:n])
		if m.Early != 50 || m.Mid != 50 || m.Late != 50 || m.PerHour != 0 {
			t.Errorf("of %d looks: %+v", n, m)
		}
	}
}
