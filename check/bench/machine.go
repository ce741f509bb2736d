package bench

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"corebank/check/livebank"
	"corebank/check/must"
)

// Machine is where the figures were measured.
type Machine struct {
	OS         string `json:"os"`
	CPU        string `json:"cpu"`
	Processors int    `json:"processors"`
	// Memory is in bytes; 0 where the system does not report it.
	Memory int64 `json:"memory,omitempty"`
	// Load is the load average of the last minute when the run began, LoadAfter
	// when it ended.
	Load      string `json:"load,omitempty"`
	LoadAfter string `json:"loadAfter,omitempty"`
	// SyncP50 and SyncP99 are how long it takes to append 4 KiB to a file and to
	// sync it, in milliseconds: the floor of everything durable.
	SyncP50 float64 `json:"syncP50"`
	SyncP99 float64 `json:"syncP99"`
}

// Versions are those of the program and of its modules.
type Versions struct {
	Corebank string            `json:"corebank"`
	Revision string            `json:"revision,omitempty"`
	Modified bool              `json:"modified,omitempty"`
	Go       string            `json:"go"`
	Modules  map[string]string `json:"modules"`
}

// reportedModules are those whose versions matter for speed.
var reportedModules = map[string]string{
	"github.com/codenotary/immudb":      "immudb",
	"github.com/nats-io/nats-server/v2": "nats",
	"github.com/dapr/go-sdk":            "dapr go-sdk",
	"github.com/99designs/gqlgen":       "gqlgen",
	"modernc.org/sqlite":                "sqlite",
	"github.com/gorilla/websocket":      "websocket",
	"google.golang.org/grpc":            "grpc",
}

func versions() Versions {
	v := Versions{Corebank: "(devel)", Go: runtime.Version(), Modules: make(map[string]string)}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Corebank = build.Main.Version
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, module := range build.Deps {
		if name := reportedModules[module.Path]; name != "" {
			v.Modules[name] = module.Version
		}
	}
	return v
}

func thisMachine(ctx context.Context, dir string) Machine {
	m := Machine{Processors: runtime.NumCPU(), CPU: inProc("cpuinfo", `(?m)^model name\s*: (.*)$`), Load: loadAverage(),
		OS: strings.TrimSpace(runtime.GOOS + "/" + runtime.GOARCH + " " + inProc("sys/kernel/osrelease", `(.*)`))}
	if kibibytes, err := strconv.ParseInt(inProc("meminfo", `(?m)^MemTotal:\s*(\d+) kB`), 10, 64); err == nil {
		m.Memory = kibibytes << 10
	}
	if w, err := timeSync(ctx, dir); err == nil {
		m.SyncP50, m.SyncP99 = w.quantile(0.5), w.quantile(0.99)
	}
	return m
}

func loadAverage() string { return inProc("loadavg", `^(\S*)`) }

// inProc is what a pattern finds in a file of /proc; empty where there is none.
func inProc(file, pattern string) string {
	text, err := os.ReadFile("/proc/" + file)
	found := regexp.MustCompile(pattern).FindSubmatch(text)
	if err != nil || found == nil {
		return ""
	}
	return string(found[1])
}

func timeSync(ctx context.Context, dir string) (_ *waits, err error) {
	defer must.Catch(&err)
	const times, bytes = 100, 4 << 10
	path := filepath.Join(dir, "sync")
	file := must.Get(os.Create(path))
	defer os.Remove(path)
	defer file.Close()
	w, block := newWaits(), make([]byte, bytes)
	for range times {
		began := time.Now()
		must.Get(file.Write(block))
		must.Do(file.Sync())
		w.add(time.Since(began))
		must.Do(ctx.Err())
	}
	return w, nil
}

// self is the name of this process among the measured ones.
const self = "bench"

// cpuTimes are the processor times of processes, by name.
type cpuTimes map[string]time.Duration

// cpuTimesOf reads the times of processes so far, each with its children, and of
// this one alone. There are none where the system does not report them.
func cpuTimesOf(processes map[string]int) cpuTimes {
	used, byPID, running := make(cpuTimes), make(map[int]string), livebank.Snapshot()
	for name, pid := range processes {
		byPID[pid] = name
	}
	for pid, s := range running {
		for _, counted := range []int{pid, s.PPID} {
			if name := byPID[counted]; name != "" {
				used[name] += cpuOf(s)
				break
			}
		}
	}
	if s, there := running[os.Getpid()]; there {
		used[self] = cpuOf(s)
	}
	return used
}

func cpuOf(s procfs.ProcStat) time.Duration {
	return time.Duration(s.CPUTime() * float64(time.Second)).Round(time.Millisecond)
}

// minus is the time since an earlier reading. A process that is new counts from
// its start.
func (c cpuTimes) minus(earlier cpuTimes) cpuTimes {
	d := make(cpuTimes, len(c))
	for name, used := range c {
		if used >= earlier[name] {
			d[name] = used - earlier[name]
		}
	}
	return d
}

// each is the time per operation in microseconds; nil where this system does not
// report it.
func (c cpuTimes) each(operations int64) map[string]float64 {
	if len(c) == 0 || operations == 0 {
		return nil
	}
	micros := make(map[string]float64, len(c))
	for name, used := range c {
		micros[name] = float64(used.Microseconds()) / float64(operations)
	}
	return micros
}

// memoryOf reads the memory of a process; false if it does not run, or the system
// does not report it.
func memoryOf(pid int) (look Look, there bool) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return look, false
	}
	status, err := p.NewStatus()
	return Look{MiB: mebibytes(status.VmRSS), Own: mebibytes(status.RssAnon)}, err == nil && status.VmRSS > 0
}

func mebibytes[T int64 | uint64](bytes T) float64 { return float64(bytes) / (1 << 20) }

type diskUse struct {
	events int64
	bytes  map[string]int64 // by kind
}

// diskKinds are the parts of a bank's directory that grow with its log.
var diskKinds = []struct{ name, pattern string }{
	{"immudb", "immudb"}, {"keys' index", "eventsource"}, {"views", "views*"}, {"snapshots", "actors.db*"},
	{"broker", "nats"},
}

func diskUseOf(data string, events int64) diskUse {
	use := diskUse{events, make(map[string]int64)}
	for _, kind := range diskKinds {
		names, _ := fs.Glob(os.DirFS(data), kind.pattern) // the patterns are valid
		for _, name := range names {
			use.bytes[kind.name] += bytesIn(filepath.Join(data, name))
		}
	}
	return use
}

// bytesIn is the size of a file, or of the files in a directory. Files may come
// and go meanwhile.
func bytesIn(path string) (total int64) {
	_ = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

func (u diskUse) since(before diskUse) []Measure {
	events := u.events - before.events
	measures := []Measure{{"log at the end", "events", float64(u.events)}}
	if events <= 0 {
		return measures
	}
	measures = append(measures, Measure{"log's growth", "events", float64(events)})
	total := int64(0)
	for _, kind := range diskKinds {
		grown := u.bytes[kind.name] - before.bytes[kind.name]
		total += grown
		if grown > 0 { // what is cleaned up now and then may have shrunk
			measures = append(measures, Measure{"disk for an event, " + kind.name, "bytes", float64(grown) / float64(events)})
		}
	}
	return slices.Insert(measures, 2, Measure{"disk for an event", "bytes", float64(total) / float64(events)})
}

// checkOpenFiles fails if this process may not open so many files. Go has raised
// the limit as far as the system permits; the processes of a bank do the same.
func checkOpenFiles(need int) error {
	p, err := procfs.Self()
	if err != nil {
		return nil // this system does not say
	}
	limits, err := p.Limits()
	if err != nil || limits.OpenFiles >= uint64(need) {
		return err
	}
	return fmt.Errorf("this needs %d open files, and a process may have %d here; raise the limit (ulimit -Hn %d, or "+
		"LimitNOFILE of the service), or give fewer --sockets and --subscribers", need, limits.OpenFiles, need)
}
