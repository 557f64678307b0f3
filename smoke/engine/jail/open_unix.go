//go:build unix

package jail

import "syscall"

// openGuard keeps open from waiting for the other end of a named pipe and from
// making a terminal the process's controlling one, should such a file appear
// between looking and opening.
const openGuard = syscall.O_NONBLOCK | syscall.O_NOCTTY
