//go:build !linux

package torture

import (
	"context"
	"errors"
	"os/exec"
)

var errUnsupported = errors.New(
	"the torture finds the processes of the bank in /proc, which only Linux has; run it in a Linux container",
)

// Supported is the reason why this system cannot be tortured; nil if it can.
func Supported() error { return errUnsupported }

func launch(*exec.Cmd) (chan struct{}, error)                      { return nil, errUnsupported }
func thaw(int) error                                               { return errUnsupported }
func limitFiles(int, bool) error                                   { return errUnsupported }
func (p *process) parts() map[string]int                           { return nil }
func (p *process) arguments(int) []string                          { return nil }
func (p *process) environment(int) []string                        { return nil }
func (p *process) kill(string) (int, error)                        { return 0, errUnsupported }
func (p *process) freeze(string) (int, error)                      { return 0, errUnsupported }
func (p *process) killAll(context.Context) error                   { return errUnsupported }
func (p *process) awaitAnother(context.Context, string, int) error { return errUnsupported }
