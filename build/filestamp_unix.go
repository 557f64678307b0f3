//go:build unix

package build

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// stampInfo takes a stamp with what only the system itself tells.
func stampInfo(path string, info fs.FileInfo) fileStamp {
	s := fileStamp{Size: info.Size(), MTime: info.ModTime().UnixNano()}
	var st unix.Stat_t
	if unix.Stat(path, &st) == nil {
		s.CTime, s.Inode = st.Ctim.Nano(), st.Ino
	}
	return s
}
