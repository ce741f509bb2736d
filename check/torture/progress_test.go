package torture

import (
	"testing"
	"time"
)

func TestARunEndsWhenEachKindWasThereSoOften(t *testing.T) {
	config := Config{Seed: 3, Kinds: Kinds(1), Each: 20}
	a, now, times := newAgenda(config, 0), time.Duration(0), make(map[Kind]int)
	var estimates []time.Duration // of the end
	for f, more := a.next(now); more; f, more = a.next(now) {
		times[f.Kind]++
		now += f.Calm + f.Lasts + time.Second // each takes a second to recover
		estimates = append(estimates, now+a.progress(now).left)
	}
	for _, kind := range Kinds(1) {
		if times[kind] != 20 {
			t.Errorf("%s was there %d times", kind, times[kind])
		}
	}
	for i, end := range estimates {
		if off := end - now; off < -time.Millisecond || off > time.Millisecond {
			t.Fatalf("after %d faults the predicted end is %v; it was at %v", i+1, end, now)
		}
	}
}

func TestARunEndsAfterItsDuration(t *testing.T) {
	a := newAgenda(Config{Seed: 3, Kinds: Kinds(1), Duration: time.Minute}, time.Hour)
	if _, more := a.next(time.Hour + 59*time.Second); !more {
		t.Error("it ends before its time")
	}
	if p := a.progress(time.Hour + 59*time.Second); p.left != time.Second || p.String() != "1 0:01 left" {
		t.Errorf("a second before the end: %v", p)
	}
	if f, more := a.next(time.Hour + time.Minute); more {
		t.Errorf("after its time comes %s", f.Kind)
	}
}
