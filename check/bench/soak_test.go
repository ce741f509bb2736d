package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/check/must"
	"corebank/internal/app"
)

// A bank whose event source dies in the middle, and whose answers get slower.
func TestAMonitorSeesEachProcessAndThatOneDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		looked := 0
		m := &monitor{every: monitorPause(time.Hour), after: func(_ time.Duration,
			resident map[string]float64) {
			looked += len(resident)
		},
			processes: func() map[string]int {
				switch since := time.Since(began); {
				case since < 10*time.Minute:
					return map[string]int{"server": 1, "eventsource": 2}
				case since < 11*time.Minute:
					return map[string]int{"server": 1}
				default:
					return map[string]int{"server": 1, "eventsource": 3}
				}
			}, memory: func(pid int) (Look, bool) { return Look{MiB: 10 * float64(pid)}, true }}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour+time.Second)
		defer stop()
		m.run(ctx)
		all := m.memories()
		if len(all) != 2 || all[0].Process != "eventsource" || all[0].Starts != 2 || all[1].Starts != 1 {
			t.Fatalf("%+v", all)
		}
		if server, source := len(all[1].Looks), len(all[0].Looks); server != 361 || source != 355 || looked != server+source {
			t.Errorf("%d readings of the gateway and %d of the event source, %d reported", server, source, looked)
		}
	})
}

func TestALookIsAtThisProcessToo(t *testing.T) {
	look, there := memoryOf(os.Getpid())
	if !there && runtime.GOOS != "linux" {
		t.Skip("this system does not report it")
	}
	if !there || look.MiB < 1 || look.Own <= 0 || look.Own > look.MiB {
		t.Errorf("%+v, %v", look, there)
	}
}

func TestTheFirstAndTheLastTenthAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := newTally(soakParts, 100*time.Second)
		load := Load{Clients: 1, Warmup: time.Second, Time: 100*time.Second + time.Millisecond}
		began := time.Now()
		err := load.run(t.Context(), parts, func(ctx context.Context, _, _ int) (int, error) {
			if time.Since(began) < 50*time.Second {
				app.Pause(ctx, 10*time.Millisecond)
			} else {
				app.Pause(ctx, 100*time.Millisecond)
			}
			return 1, nil
		}, noMeasure)
		if err != nil {
			t.Fatal(err)
		}
		s := Sample{Measures: parts.ends("operations")}
		for name, want := range map[string]float64{"first tenth, rate": 100, "first tenth, p50": 10, "last tenth, rate": 10,
			"last tenth, p50": 100, "last tenth, p99": 100} {
			if got, ok := s.value(name); !ok || got < 0.95*want || got > 1.05*want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	})
}

func TestDiskIsReportedByTheEvent(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700),
		os.WriteFile(filepath.Join(dir, "a", "one"), make([]byte, 1000), 0o600),
		os.WriteFile(filepath.Join(dir, "a", "b", "two"), make([]byte, 500), 0o600)); err != nil {
		t.Fatal(err)
	}
	if n := bytesIn(dir); n != 1500 {
		t.Errorf("%d bytes, want 1500", n)
	}
	before := diskUse{events: 100, bytes: map[string]int64{"immudb": 1000, "views": 300}}
	grown := Sample{Measures: diskUse{events: 300, bytes: map[string]int64{"immudb": 101_000, "views": 200}}.since(before)}
	for name, want := range map[string]float64{"log at the end": 300, "log's growth": 200, "disk for an event": 499.5,
		"disk for an event, immudb": 500} {
		if got, _ := grown.value(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if _, found := grown.value("disk for an event, views"); found {
		t.Error("what shrank is reported as growth")
	}
	if idle := before.since(before); len(idle) != 1 {
		t.Errorf("of a log that did not grow: %+v", idle)
	}
}

func TestASoakIsReportedInEveryForm(t *testing.T) {
	actor := memoryFrom("actor", 1, hourOf(func(m float64) float64 { return 200 + m }))
	r := Report{Results: []Result{{Scenario: Soak, Name: Soak, Unit: "operations",
		Repeats: []Sample{
			{Measures: []Measure{{figureRate, "operations/s", 500}}, Memory: []Memory{actor,
				memoryFrom("nats", 1, hourOf(func(float64) float64 { return 40 }))}}}}}}
	r.finish()
	table, encoded, page := new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)
	if err := errors.Join(r.WriteTable(table), r.WriteJSON(encoded), r.WritePage(page)); err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"table": table.String(), "page": page.String()} {
		for _, want := range []string{"grows 60.0 MiB/h", "flat", "Theil", "every 10.0 s", "60.0"} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s does not say %q:\n%s", form, want, text)
			}
		}
	}
	var again Report
	if err := json.Unmarshal(encoded.Bytes(), &again); err != nil ||
		len(again.Results[0].Repeats[0].Memory[0].Looks) != 361 {
		t.Errorf("the JSON does not read as what it was (%v)", err)
	}
	wellFormed(t, page.String())
	if n := strings.Count(page.String(), "<polyline"); n != 2 || strings.Contains(page.String(), "NaN") {
		t.Errorf("%d curves, want one for each process", n)
	}
}

func TestASoakIsNamedAndAlone(t *testing.T) {
	for _, s := range must.Get(choose(nil, false)) {
		if s.Name == Soak {
			t.Error("it is measured without being named")
		}
	}
	if chosen := must.Get(choose([]string{Soak}, false)); len(chosen) != 1 || chosen[0].Name != Soak {
		t.Errorf("named, it is %v", namesOf(chosen))
	}
	for says, names := range map[string][]string{"alone": {Soak, "deposit"}, "--url": {Soak}} {
		if _, err := choose(names, says == "--url"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want it to say %q", names, err, says)
		}
	}
}
