package localbank

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// member is what a machine is to the others: the addresses at which they reach it. They
// stay the same when it is started again.
type member struct {
	immudb, nats, route string
	placement, raft     string
}

func (p *parts) newMember() member {
	return member{immudb: p.port(), nats: p.port(), route: p.port(), placement: p.port(), raft: p.port()}
}

// newMachines lists the processes of each machine of a bank on several. listen has the
// addresses of their gateways.
func newMachines(
	config Config, listen []string, root *datadir.Machines, programs sidecars.Programs, held *ports.Held,
) (all []*parts, err error) {
	network := make([]member, len(listen))
	for i := range listen {
		data, err := root.Machine(i + 1)
		if err != nil {
			return nil, err
		}
		p := &parts{config: config, data: data, programs: programs, held: held, addresses: make(map[string]string),
			root: root.Locked, number: i + 1, network: network}
		network[i] = p.newMember()
		all = append(all, p)
	}
	for i, p := range all {
		if p.all(listen[i]); p.problem != nil {
			return nil, p.problem
		}
	}
	return all, nil
}

// own is this machine among all.
func (p *parts) own() member { return p.network[max(p.number, 1)-1] }

// appID is the name of an app in Dapr. Event sources on several machines have names of
// their own; all other apps do the same on every machine.
func (p *parts) appID(app string) string {
	if app == contract.AppEventSource {
		return contract.EventSourceOn(p.number)
	}
	return app
}

// here are those of the parts that this machine has.
func (p *parts) here(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		return !slices.ContainsFunc(p.processes, func(have supervisor.Process) bool { return have.Name == name })
	})
}

// longStart is how long a part may take to start that takes a moment where it is alone,
// and on one of several machines waits until most of the others are there.
func (p *parts) longStart(alone time.Duration) time.Duration {
	if p.number == 0 {
		return alone
	}
	return longStart
}

// natsMember are the flags of the broker on one of several machines.
func (p *parts) natsMember() []string {
	if p.number == 0 {
		return nil
	}
	var routes []string
	for _, m := range p.network {
		routes = append(routes, m.route)
	}
	return []string{fmt.Sprintf("--member=machine-%d", p.number), "--member-listen=" + p.own().route,
		"--members=" + strings.Join(routes, ",")}
}

// eventSourcesArgument names the event sources of all machines that have one.
func (p *parts) eventSourcesArgument() string {
	return "--event-sources=" + strings.Join(contract.EventSources(p.logMachines()), ",")
}

// logMachines is how many machines have an event source.
func (p *parts) logMachines() int { return len(p.network) }

// logAddress is where the event source reaches the log: on several machines, all copies,
// of which more than half have an event before it is acknowledged.
func (p *parts) logAddress() string {
	if p.number == 0 {
		return p.addressOf(partImmudb)
	}
	var addresses []string
	for _, m := range p.network {
		addresses = append(addresses, m.immudb)
	}
	return strings.Join(addresses, ",")
}

// projectorLease lets one of several projectors work, if they have the same views. Views in
// files are a machine's own.
func (p *parts) projectorLease() string {
	if p.number == 0 || os.Getenv("MONGODB_URI") == "" {
		return "--lease="
	}
	return "--lease=" + contract.AppProjector
}
