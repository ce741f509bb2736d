package livebank

import "syscall"

var attributes = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
