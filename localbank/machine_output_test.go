package localbank

import (
	"errors"
	"strings"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// Given three machines; then a person reads which are ready, how to lose one, and what happened to one that is lost.
func TestAPersonReadsWhatTheMachinesDo(t *testing.T) {
	data := lockedDirectory(t)
	var out buffer
	s := newMachineOutput(&out)
	var all []*parts
	for number := 1; number <= 3; number++ {
		all = append(all, &parts{number: number, data: data, root: data,
			addresses: map[string]string{contract.AppServer: "127.0.0.1:808" + string(rune('0'+number))}})
	}
	s.starting(all, sidecars.Programs{Version: "1.18"})
	for _, p := range all {
		if whole := s.ready(p, time.Second); whole != (p.number == 3) {
			t.Errorf("with %d machines that are ready, all are: %t", p.number, whole)
		}
	}
	s.whole(all[2], &datadir.Machines{Locked: data}, "12 people,\nas before")
	if s.ready(all[1], time.Second) {
		t.Error("a machine that is back is the last one that is ready")
	}
	s.show(2, supervisor.Event{Process: "immudb", State: supervisor.Died, Err: errors.New("signal: killed"),
		Pause: time.Second})
	s.became(2, datadir.MachineLost, nil)
	s.became(3, datadir.MachineStopped, nil)
	s.failed(1, nil, time.Second)
	for _, want := range []string{"on 3 machines, with Dapr 1.18", "machine 2  ready  http://127.0.0.1:8082",
		"The bank is ready on", "  Demo       12 people,\n             as before\n",
		"corebank machine lose 2", "machine 2: immudb died (signal: killed)",
		"machine 2 is lost, with its disk", "corebank machine start 2", "machine 3 is stopped",
		"machine 1 did not start and is tried again in 1s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}
