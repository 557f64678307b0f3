package build

import (
	"slices"
	"testing"
)

func TestCCauses(t *testing.T) {
	for said, want := range map[string][]Cause{
		`/usr/include/wasm32-wasi/signal.h:2:2: error: "wasm lacks signal support; to enable minimal signal emulation, compile with -D_WASI_EMULATED_SIGNAL and link with -lwasi-emulated-signal"
wasm-ld-14: error: /tmp/a.o: undefined symbol: mmap
wasm-ld-14: error: /tmp/a.o: undefined symbol: munmap`: {{CauseEmulation, "mman,signal"}},
		"sys/resource.h:2:2: error: WASI lacks process-associated clocks; to enable emulation compile with -D_WASI_EMULATED_PROCESS_CLOCKS": {{CauseEmulation, "process-clocks"}},
		"warning: 'clock' is deprecated: WASI lacks process-associated clocks; compile with -D_WASI_EMULATED_PROCESS_CLOCKS":                nil,
		"wasm-ld: error: a.o: undefined symbol: socket\nwasm-ld: error: b.o: undefined symbol: socket\nb.o: undefined symbol: connect":      {{CauseSockets, "socket, connect"}},
		"a.c:1:10: fatal error: 'netdb.h' file not found":                                      {{CauseSockets, "<netdb.h>"}},
		"mythread.h:102:10: fatal error: 'pthread.h' file not found":                           {{CauseThreads, "<pthread.h>"}},
		"a.cc:3:8: error: no type named 'mutex' in namespace 'std'":                            {{CauseThreads, "std::mutex"}},
		"a.c:3:5: error: call to undeclared function 'fork'; ISO C99 and later do not support": {{CauseProcesses, "fork"}},
		"ldo.c:13:10: fatal error: 'setjmp.h' file not found":                                  {{CauseSetjmp, ""}},
		"setjmp.h:28:2: error: Setjmp/longjmp support requires Exception handling support":     {{CauseSetjmp, ""}},
		"a.cc:2:19: error: cannot use 'throw' with exceptions disabled":                        {{CauseExceptions, ""}},
		"undefined symbol: __cxa_throw":                                                        {{CauseExceptions, ""}},
		"undefined symbol: dlopen":                                                             {{CauseLoading, "dlopen"}},
		"undefined symbol: a\nundefined symbol: getuid\nundefined symbol: chmod\nundefined symbol: tmpfile\nundefined symbol: flock\nundefined symbol: umask": {{CauseSystem, "getuid, chmod, tmpfile, flock, …"}},
		"/bin/bash: line 1: ./fbc: cannot execute binary file: Exec format error":                                                                             {{CauseExecution, "./fbc"}},
		"a.cc:1:10: fatal error: 'iostream' file not found":                                                                                                   {{causeLibCXX, ""}},
		"undefined symbol: my_function": nil,
		"":                              nil,
	} {
		if got := cCauses(said); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", said, got, want)
		}
	}
}

func FuzzCCauses(f *testing.F) {
	f.Add("undefined symbol: fork\nfatal error: 'pwd.h' file not found")
	f.Fuzz(func(t *testing.T, said string) {
		for _, c := range cCauses(said) {
			if len(c.Subject) > len(said)+len("std::, …")+8 {
				t.Errorf("a subject longer than what was said: %q", c.Subject)
			}
		}
	})
}
