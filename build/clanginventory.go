package build

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// linkMapSuffix is what the linker's map is called, beside the program.
const linkMapSuffix = ".wpk-map"

// maxLinkMap bounds a map: it has a line for each function.
const maxLinkMap = 256 << 20

// mapScript stands in front of the linker and has it write a map beside what it links. No flag of a project has to
// change for that, so that the module is the same.
const mapScript = `#!/bin/sh
previous=
for arg; do
	case $previous in
	-o | --output) exec %[1]s --Map="$arg%[2]s" "$@" ;;
	esac
	previous=$arg
done
exec %[1]s "$@"
`

func mapScriptOf(linker string) string {
	return fmt.Sprintf(mapScript, shellQuote(linker), linkMapSuffix)
}

// watchLinker puts a script where clang looks for its linker first, see cEnv. clang calls it wasm-ld, or as
// distributions do with the version behind. A driver that is not clang has a linker inside.
func (c *compiler) watchLinker(ctx context.Context, j *job) error {
	if !j.Inventory || runtime.GOOS == "windows" || c.name() != "clang" {
		return nil
	}
	names := []string{pieceLinker}
	if major, _, _ := strings.Cut(c.tool.Version, "."); major != "" {
		names = append(names, pieceLinker+"-"+major)
	}
	f := &finder{job: j, env: cleanEnv(j.Env)}
	for _, name := range names {
		real, err := f.ask(ctx, c.driver, "--target="+wasiTargets[1], "-print-prog-name="+name)
		if err != nil || !filepath.IsAbs(real) {
			if real, err = j.Exec.LookPath(name, f.env); err != nil {
				continue
			}
		}
		if err := os.WriteFile(j.path(noOptimizer, name), []byte(mapScriptOf(real)), 0o700); err != nil { // #nosec G306 -- a program
			return err
		}
		c.linker = real
	}
	return nil
}

// clangInventory names what of this machine was linked into a program. tree is where the build has taken place: what
// lies there or in the job's folder is of the project.
func (c *compiler) clangInventory(j *job, tree, program string) func(context.Context, *Facts) error {
	return func(ctx context.Context, f *Facts) error {
		linked, err := linkedFiles(tree, program)
		if err != nil {
			return err
		}
		if linked == nil {
			f.Unknown = append(f.Unknown, "which libraries "+c.tool.Name+" has linked: there is no map of the link")
			return nil
		}
		owner := newPackageOwner(j)
		files := map[Dependency][]string{}
		for _, file := range slices.Sorted(maps.Keys(linked)) {
			if !filepath.IsAbs(file) || within(tree, file) || within(j.Dir, file) || within(j.work, file) || strings.HasPrefix(file, os.TempDir()) {
				continue
			}
			d, ok := owner.of(ctx, file)
			if !ok {
				d = Dependency{Type: "generic", Kind: DependencySystemLibrary, Name: filepath.Base(file), SHA256: fileDigestOf(file), Relation: RelationIndirect}
				d.PURL = packageURL(d.Type, d.Name, "", "checksum", "sha256:"+d.SHA256)
				f.Unknown = append(f.Unknown, "where "+d.Name+" comes from: no package of this machine has it")
			}
			files[d] = append(files[d], fmt.Sprintf("%s (%s)", filepath.Base(file), linked[file]))
		}
		for d, names := range files {
			d.Note = "linked: " + strings.Join(names, ", ")
			f.Dependencies = append(f.Dependencies, d)
		}
		slices.Sort(f.Unknown)
		return nil
	}
}

// linkedFiles returns the files outside of the map's own program of which something is in it, with what: how many
// members of an archive. It is nil without a map.
func linkedFiles(tree, program string) (map[string]string, error) {
	data, err := findLinkMap(tree, program)
	if data == nil || err != nil {
		return nil, err
	}
	members := map[string]map[string]bool{}
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if file, member, ok := linkMapInput(s.Text()); ok {
			if members[file] == nil {
				members[file] = map[string]bool{}
			}
			if member != "" {
				members[file][member] = true
			}
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("the linker's map: %w", err)
	}
	files := map[string]string{}
	for file, inside := range members {
		switch n := len(inside); n {
		case 0:
			files[file] = "all"
		case 1:
			files[file] = "1 member"
		default:
			files[file] = fmt.Sprintf("%d members", n)
		}
	}
	return files, nil
}

// linkMapInput takes a line of wasm-ld's map apart: three numbers or "-", then what the output has there, indented, or
// what it comes from: "/usr/lib/wasm32-wasi/libc.a(puts.o):(puts)".
// https://github.com/llvm/llvm-project/blob/main/lld/wasm/MapFile.cpp
func linkMapInput(line string) (file, member string, ok bool) {
	at := strings.LastIndex(line, ":(")
	if at < 0 || !strings.HasSuffix(line, ")") {
		return "", "", false
	}
	line = line[:at]
	for range 3 {
		line = strings.TrimLeft(line, " ")
		_, rest, found := strings.Cut(line, " ")
		if !found {
			return "", "", false
		}
		line = rest
	}
	file = strings.TrimSpace(line)
	if open := strings.LastIndexByte(file, '('); open > 0 && strings.HasSuffix(file, ")") {
		return file[:open], file[open+1 : len(file)-1], true
	}
	return file, "", file != ""
}

// findLinkMap reads the map of a program. Build systems link a program somewhere and copy it elsewhere: then it is the
// map of the same name, when there is only one.
func findLinkMap(tree, program string) ([]byte, error) {
	if exists(filepath.Dir(program), filepath.Base(program)+linkMapSuffix) {
		return readBounded(program+linkMapSuffix, maxLinkMap)
	}
	var found []string
	base := strings.TrimSuffix(filepath.Base(program), ".wasm")
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), linkMapSuffix); ok && err == nil && strings.TrimSuffix(name, ".wasm") == base {
			found = append(found, path)
		}
		return nil
	})
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return readBounded(found[0], maxLinkMap)
}
