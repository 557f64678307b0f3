package build

import "io/fs"

// stampInfo takes a stamp without a time of change, which Windows does not tell here: sources are read each time.
func stampInfo(_ string, info fs.FileInfo) fileStamp {
	return fileStamp{Size: info.Size(), MTime: info.ModTime().UnixNano()}
}
