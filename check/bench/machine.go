package bench

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
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
	m := Machine{OS: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU()}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.OS += " " + strings.TrimSpace(string(kernel))
	}
	m.CPU = procField("/proc/cpuinfo", "model name")
	if memory := procField("/proc/meminfo", "MemTotal"); memory != "" {
		m.Memory = kibibytes(memory)
	}
	m.Load = loadAverage()
	if w, err := timeSync(ctx, dir); err == nil {
		m.SyncP50, m.SyncP99 = w.quantile(0.5), w.quantile(0.99)
	}
	return m
}

// loadAverage is that of the last minute; empty where the system does not report it.
func loadAverage() string {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	last, _, _ := strings.Cut(string(load), " ")
	return last
}

// procField is the first value of a name in a file of /proc.
func procField(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// timeSync measures durable appends to a file.
func timeSync(ctx context.Context, dir string) (*waits, error) {
	const times, bytes = 100, 4 << 10
	path := filepath.Join(dir, "sync")
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	defer file.Close()
	w, block := newWaits(), make([]byte, bytes)
	for range times {
		began := time.Now()
		if _, err := file.Write(block); err != nil {
			return nil, err
		}
		if err := file.Sync(); err != nil {
			return nil, err
		}
		w.add(time.Since(began))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return w, nil
}

// kibibytes parses "1234 kB" into bytes.
func kibibytes(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(text, "kB")), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
