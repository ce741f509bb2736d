package bench

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

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

// loadAverage is that of the last minute.
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

// timeSync measures durable appends to a file.
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
