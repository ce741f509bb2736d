//go:build !unix

package postgres

import "os/exec"

// owner is whom PostgreSQL runs as: who runs this process.
type owner struct{}

func account() (owner, error) { return owner{}, nil }

func (owner) place(directories ...string) (string, error) { return directories[0], nil }

func (owner) give(string) error { return nil }

func (owner) command(c *exec.Cmd) *exec.Cmd { return c }
