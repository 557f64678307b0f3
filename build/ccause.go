package build

import (
	"slices"
	"strings"
)

// cCalls are the functions that POSIX has and wasi-libc lacks, or keeps in a library of its own.
var cCalls = map[CauseKind]string{
	CauseSockets: "socket socketpair connect bind listen accept4 sendto recvfrom sendmsg recvmsg setsockopt getpeername getsockname " +
		"getaddrinfo freeaddrinfo getnameinfo gai_strerror gethostbyname gethostbyaddr gethostname getservbyname getprotobyname if_nametoindex",
	CauseThreads:   "thrd_create mtx_init mtx_lock cnd_init call_once sem_init sem_open sem_wait sem_post sem_destroy",
	CauseProcesses: "fork vfork execv execve execvp execvpe execl execlp execle system popen pclose wait waitpid wait3 wait4 posix_spawn posix_spawnp pipe pipe2 dup dup2",
	CauseSetjmp:    "setjmp _setjmp longjmp _longjmp sigsetjmp siglongjmp __wasm_setjmp __wasm_longjmp __wasm_setjmp_test",
	CauseExceptions: "__cxa_throw __cxa_allocate_exception __cxa_begin_catch __cxa_end_catch __cxa_rethrow __cpp_exception " +
		"__wasm_lpad_context _Unwind_CallPersonality _Unwind_RaiseException __gxx_personality_v0 __gxx_wasm_personality_v0",
	CauseLoading: "dlopen dlsym dlclose dlerror dladdr",
	CauseSystem: "sigaction sigprocmask sigemptyset sigaddset sigfillset kill killpg alarm setitimer getitimer timer_create " +
		"getpwnam getpwuid getpwent getgrnam getgrgid getuid geteuid getgid getegid setuid setgid setsid getppid getlogin ttyname " +
		"tcgetattr tcsetattr chmod fchmod chown fchown lchown umask mkstemp mkdtemp mktemp tmpfile tmpnam tempnam mkfifo mknod chroot " +
		"flock lockf getrlimit setrlimit getpriority setpriority statvfs syslog openlog shmget shm_open sem_unlink realpath",
}

// cEmulated are the functions of wasi-libc's libraries of emulations.
var cEmulated = map[string]string{
	EmulateSignal:        "signal raise bsd_signal __sysv_signal psignal strsignal __SIG_IGN __SIG_ERR",
	EmulateMman:          "mmap munmap mprotect madvise msync",
	EmulateGetpid:        "getpid",
	EmulateProcessClocks: "clock times getrusage",
}

// cHeaders are the headers that POSIX has and wasi-libc lacks.
var cHeaders = map[CauseKind]string{
	CauseSockets:   "netdb.h ifaddrs.h net/if.h resolv.h",
	CauseThreads:   "pthread.h semaphore.h",
	CauseProcesses: "sys/wait.h spawn.h",
	CauseSetjmp:    "setjmp.h",
	CauseLoading:   "dlfcn.h",
	CauseSystem:    "pwd.h grp.h termios.h termio.h sgtty.h curses.h sys/statvfs.h sys/statfs.h sys/mount.h sys/ipc.h sys/shm.h sys/sem.h syslog.h sys/prctl.h utmp.h utmpx.h ucontext.h execinfo.h",
}

// What compilers and linkers say. Clang before 16 only warns about a function that it does not know; then the linker
// does not find it.
var (
	undefinedSymbol  = lazyRegexp(`undefined symbol: ([\w:]+)|undeclared (?:function|identifier) '([\w:]+)'|no (?:member|type) named '(\w+)' in (?:namespace 'std'|the global namespace)`)
	missingHeader    = lazyRegexp(`fatal error: '([\w./+]+)' file not found`)
	emulationError   = lazyRegexp(`error: .*-D_WASI_EMULATED_([A-Z_]+)`)
	emulationWarning = lazyRegexp(`warning: .*-D_WASI_EMULATED_([A-Z_]+)`)
	foreignProgram   = lazyRegexp(`(\S+): (?:cannot execute binary file|Exec format error)|(?:Exec format error|cannot execute binary file): '?([^\s']+)`)
	setjmpError      = lazyRegexp(`(?i)error: .*setjmp/longjmp support requires`)
	cxxError         = lazyRegexp(`fatal error: '[a-z_]+' file not found|unable to find library -lc\+\+|(?i:C\+\+ compiler (?:cannot|".*" is not able))|Compiler .*\+\+.* cannot compile`)
	exceptionError   = lazyRegexp(`error: cannot use '(?:throw|try)' with exceptions disabled`)
)

// cSubjects bounds how many calls a cause names.
const cSubjects = 4

// cCauses recognises in what a C compiler or linker said the parts of POSIX and C++ that WASI does not have.
func cCauses(said string) []Cause {
	found := map[CauseKind][]string{}
	add := func(kind CauseKind, subject string) {
		if kind != "" && !slices.Contains(found[kind], subject) {
			found[kind] = append(found[kind], subject)
		}
	}
	for _, m := range undefinedSymbol().FindAllStringSubmatch(said, -1) {
		kind, subject := symbolCause(m[1] + m[2] + m[3])
		add(kind, subject)
	}
	for _, m := range missingHeader().FindAllStringSubmatch(said, -1) {
		for kind, headers := range cHeaders {
			if hasWord(headers, m[1]) {
				add(kind, "<"+m[1]+">")
			}
		}
	}
	for _, m := range emulationError().FindAllStringSubmatch(said, -1) {
		add(CauseEmulation, strings.ReplaceAll(strings.ToLower(m[1]), "_", "-"))
	}
	if len(found[CauseEmulation]) > 0 { // then what is only warned of now is the next error
		for _, m := range emulationWarning().FindAllStringSubmatch(said, -1) {
			add(CauseEmulation, strings.ReplaceAll(strings.ToLower(m[1]), "_", "-"))
		}
	}
	for _, m := range foreignProgram().FindAllStringSubmatch(said, -1) {
		add(CauseExecution, strings.Trim(m[1]+m[2], "'"))
	}
	if setjmpError().MatchString(said) {
		add(CauseSetjmp, "<setjmp.h>")
	}
	if cxxError().MatchString(said) {
		add(causeLibCXX, "")
	}
	if m := exceptionError().FindString(said); m != "" {
		add(CauseExceptions, "throw")
	}
	return joinCauses(found)
}

// joinCauses makes one cause of each kind, in a fixed order.
func joinCauses(found map[CauseKind][]string) []Cause {
	var causes []Cause
	for _, kind := range []CauseKind{
		causeLibCXX, CauseEmulation, CauseSockets, CauseThreads, CauseProcesses, CauseSetjmp, CauseExceptions, CauseLoading, CauseExecution, CauseSystem,
	} {
		subjects := found[kind]
		switch {
		case len(subjects) == 0:
		case kind == CauseEmulation:
			slices.Sort(subjects)
			causes = append(causes, Cause{kind, strings.Join(subjects, ",")})
		case kind == CauseSetjmp || kind == CauseExceptions:
			causes = append(causes, Cause{Kind: kind})
		default:
			if len(subjects) > cSubjects {
				subjects = append(subjects[:cSubjects:cSubjects], "…")
			}
			causes = append(causes, Cause{kind, strings.Join(subjects, ", ")})
		}
	}
	return causes
}

// symbolCause finds the cause for a function that is not there.
func symbolCause(symbol string) (CauseKind, string) {
	for library, calls := range cEmulated {
		if hasWord(calls, symbol) {
			return CauseEmulation, library
		}
	}
	for kind, calls := range cCalls {
		if hasWord(calls, symbol) {
			return kind, symbol
		}
	}
	switch {
	case strings.HasPrefix(symbol, "pthread_"), strings.HasPrefix(symbol, "std::__1::thread"), strings.HasPrefix(symbol, "std::__1::mutex"):
		return CauseThreads, symbol
	case hasWord("thread mutex recursive_mutex condition_variable lock_guard unique_lock async", symbol):
		return CauseThreads, "std::" + symbol
	}
	return "", ""
}

func hasWord(list, word string) bool { return slices.Contains(strings.Fields(list), word) }
