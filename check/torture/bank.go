package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"corebank/internal/app"
	"corebank/localbank/datadir"
)

// Bounds of a bank's life.
const (
	startTime = 3 * time.Minute
	coldTime  = 25 * time.Minute // the first start may have to build the sidecar
	stopTime  = 20 * time.Second
	watchTick = 20 * time.Millisecond
)

// process is a bank that runs as processes: `corebank up` and its children.
type process struct {
	program, data, listen string
	logLevel              string
	partitions            int
	links                 *links // what stands between the parts; nil for nothing
	where                 datadir.Running
	command               *exec.Cmd
	ended                 chan struct{}
}

// start starts the bank and waits until it says that it is ready.
func (p *process) start(ctx context.Context, within time.Duration) error {
	output, err := os.OpenFile(p.outputPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer output.Close()
	run := datadir.Dir{Path: p.data}.RunFile()
	if err := os.Remove(run); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	arguments := append(
		[]string{"up", "--listen", p.listen, "--data", p.data, "--log-level", p.logLevel},
		p.links.flags()...)
	if p.partitions > 1 {
		arguments = append(arguments, fmt.Sprintf("--partitions=%d", p.partitions))
	}
	p.command = exec.Command(p.program, arguments...)
	p.command.Env, p.command.Stdout, p.command.Stderr = ownEnvironment(), output, output
	if p.ended, err = launch(p.command); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for linked := false; ; {
		text, err := os.ReadFile(run)
		if err == nil && !linked {
			if linked = true; json.Unmarshal(text, &p.where) != nil {
				return fmt.Errorf("%s is malformed: %s", run, text)
			}
			if err := p.links.lead(ctx, p.where.Parts); err != nil {
				return err
			}
		}
		if linked && newGateway(p.where.Gateway, "", 1, nil).ready(ctx) {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("the bank ended before it was ready; it wrote last:\n%s", p.lastWords())
		default:
		}
		if !app.Pause(ctx, watchTick) {
			return fmt.Errorf("the bank was not ready within %v; it wrote last:\n%s", within, p.lastWords())
		}
	}
}

func (p *process) outputPath() string { return filepath.Join(p.data, "up.log") }

func (p *process) lastWords() string {
	text, err := os.ReadFile(p.outputPath())
	if err != nil {
		return err.Error()
	}
	const maxShown = 2000
	return string(text[max(0, len(text)-maxShown):])
}

// ownEnvironment is ours without what would lead the bank to other data.
func ownEnvironment() []string {
	var own []string
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); name == "COREBANK_DAPRD_DIR" ||
			!strings.HasPrefix(name, "COREBANK_") && !strings.HasPrefix(name, "MONGODB_") && !strings.HasPrefix(name, "DAPR_") {
			own = append(own, entry)
		}
	}
	return own
}

// stop asks the bank to end, as Ctrl-C would. It fails if the bank does not.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return fmt.Errorf("the bank had ended by itself: %s", p.lastWords())
	default:
	}
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case <-p.ended:
		if code := p.command.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("the bank ended with code %d: %s", code, p.lastWords())
		}
		return nil
	case <-time.After(stopTime):
		return fmt.Errorf("the bank did not stop within %v", stopTime)
	}
}

// partOf tells which part a command line runs; empty for none.
func partOf(arguments []string) string {
	if len(arguments) < 2 {
		return ""
	}
	if program := filepath.Base(arguments[0]); program == "placement" || program == "sentry" {
		return program
	}
	for _, argument := range arguments {
		if app, ok := strings.CutPrefix(argument, "--app-id="); ok {
			return app + "-sidecar"
		}
	}
	for _, argument := range arguments {
		if number, ok := strings.CutPrefix(argument, "--partition="); ok && number != "0" {
			return arguments[1] + "-" + number
		}
	}
	for _, part := range Parts {
		if arguments[1] == part {
			return part
		}
	}
	return ""
}
