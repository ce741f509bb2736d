//go:build unix

package postgres

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// owner is whom PostgreSQL runs as: it refuses to be run by root.
type owner struct{ uid, gid int }

// account is who runs this process, or somebody harmless instead of root.
func account() (owner, error) {
	if os.Getuid() != 0 {
		return owner{os.Getuid(), os.Getgid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(found.Uid)
		gid, err2 := strconv.Atoi(found.Gid)
		if err == nil && err2 == nil {
			return owner{uid, gid}, nil
		}
	}
	return owner{}, errors.New("PostgreSQL cannot be run by root, and there is no user postgres or nobody to run it as")
}

func (o owner) give(path string) error { return os.Chown(path, o.uid, o.gid) }

func (o owner) command(c *exec.Cmd) *exec.Cmd {
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
	}
	return c
}
