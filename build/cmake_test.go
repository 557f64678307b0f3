package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCMakeArguments also looks at the files that CMake is given.
func TestCMakeArguments(t *testing.T) {
	dir := project(t, map[string]string{"CMakeLists.txt": ""})
	var settings string
	cmake := func(c Command) (string, int) {
		if build := after(c.Args, "--build"); build != "" {
			_ = os.MkdirAll(build, 0o700)
			_ = os.WriteFile(filepath.Join(build, "prog.wasm"), tinyModule, 0o600)
		} else if slices.Contains(c.Args, "-S") {
			b, _ := os.ReadFile(filepath.Join(c.Dir, "cmake", "settings.cmake"))
			settings = string(b)
		}
		return "cmake version 3.25.1\n", 0
	}
	fake := &fakeExec{tools: map[string]fakeTool{"clang": fakeClang, "llvm-ar": brokenTool, "cmake": cmake, "ninja": brokenTool}}
	m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{C: COptions{Bin: "prog"}}, Jobs: 2, Cache: t.TempDir(), Exec: fake})
	if err != nil {
		t.Fatal(err)
	}
	fake.call(t, "cmake", "-DCMAKE_BUILD_TYPE=Release", "-G", "Ninja", "-DCMAKE_MAKE_PROGRAM=/fake/ninja")
	fake.call(t, "cmake", "--target", "prog", "--parallel", "2")
	for _, line := range []string{
		"set(CMAKE_AR [=====[/fake/llvm-ar]=====])",
		"set(CMAKE_C_COMPILER [=====[/fake/clang]=====] [=====[--target=wasm32-wasip1 ",
		"set(CMAKE_CXX_COMPILER [=====[/fake/clang]=====] [=====[--driver-mode=g++ -fno-exceptions --target=wasm32-wasip1 ",
	} {
		if !strings.Contains(settings, line) {
			t.Errorf("settings lack %q:\n%s", line, settings)
		}
	}
	if m.Facts.Name != "prog" || m.Facts.Tools[1] != (Tool{Name: "cmake", Version: "3.25.1"}) {
		t.Errorf("facts %+v", m.Facts)
	}
}
