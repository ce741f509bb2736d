package contract

import "strconv"

// EventSourceOn is the app of the event source on one of the machines that keep the same
// log, numbered from 1. Only one of them writes; a caller that meets another one asks the
// next, so each has a name of its own.
func EventSourceOn(machine int) string { return on(machine, AppEventSource) }

// EventSources are the apps of the event sources on so many machines; one of a bank on
// one machine.
func EventSources(machines int) []string { return OnMachines(AppEventSource, machines) }

// StandbyEventSources are those of EventSources that only banks on several machines have.
func StandbyEventSources(machines int) []string { return EventSources(machines)[1:] }

// OnMachines are the apps that keep the same part of a log, on so many machines: the part
// that an app keeps where it is alone.
func OnMachines(app string, machines int) (apps []string) {
	for machine := 1; machine <= max(1, machines); machine++ {
		apps = append(apps, on(machine, app))
	}
	return apps
}

func on(machine int, app string) string {
	if machine <= 1 {
		return app
	}
	return app + "-m" + strconv.Itoa(machine)
}
