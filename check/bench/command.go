package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Output says where a run is reported besides the table.
type Output struct {
	JSON, HTML string // files; empty for none
	Keep       bool   // the data and logs of what was measured
}

// RunAndReport measures in a temporary directory and writes the report. It
// leaves nothing that was not asked for.
func RunAndReport(ctx context.Context, config Config, table io.Writer, output Output) (err error) {
	if config.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if config.Dir, err = os.MkdirTemp("", "corebank-bench-"); err != nil {
		return err
	}
	report, err := Run(ctx, config)
	if len(report.Results) > 0 {
		err = errors.Join(err, report.WriteTable(table),
			writeFile("json", output.JSON, report.WriteJSON), writeFile("html", output.HTML, report.WritePage))
	}
	if output.Keep {
		fmt.Fprintf(config.Log, "the data and logs are in %s\n", config.Dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(config.Dir))
}

// writeFile writes the file of a flag.
func writeFile(flag, path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return errors.Join(write(file), file.Close())
}

// ScenarioHelp lists the scenarios in lines that fit a terminal.
func ScenarioHelp() string {
	var text strings.Builder
	for _, s := range Scenarios() {
		line := fmt.Sprintf("  %-10s", s.Name)
		for _, word := range strings.Fields(s.About) {
			if len(line)+1+len(word) > 79 {
				fmt.Fprintln(&text, line)
				line = strings.Repeat(" ", 12)
			}
			line += " " + word
		}
		fmt.Fprintln(&text, line)
	}
	return text.String()
}
