// Package machine gives tests machines to break: processes, mounts, network and
// control groups of their own on a Debian in a folder, without a virtual
// machine. Linux and root only.
//
// A test binary enters a [World] first, in TestMain. What its tests start there
// ends with it, however it ends: the kernel kills all of a world when its first
// process is gone, and frees its mounts and its network. In the world stand
// machines, see [New].
package machine
