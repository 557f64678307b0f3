"""What comes between the interpreter's start and the program: part of the runtime.

start() runs once, maybe in a snapshot; run() in the process that people started.
"""
import sys

import _wpk

STDLIB = "/usr/lib/python3.13"
SITE = STDLIB + "/site-packages"

NO_NETWORK = "WebAssembly (WASI preview 1) has no network"
MISSING = {
    "ctypes": "WebAssembly cannot load native libraries",
    "ssl": NO_NETWORK + ", and this Python has no TLS",
    "_hashlib": "this Python has its own hashes instead of OpenSSL's",
    "_multiprocessing": "WebAssembly (WASI preview 1) has no processes",
    "concurrent.futures.process": "WebAssembly (WASI preview 1) has no processes",
    "_posixshmem": "WebAssembly (WASI preview 1) has no shared memory",
    "curses": "WebAssembly (WASI preview 1) has no terminals",
    "fcntl": "WebAssembly (WASI preview 1) has no file locks",
    "mmap": "WebAssembly (WASI preview 1) has no memory maps",
    "readline": "WebAssembly (WASI preview 1) has no terminals",
    "termios": "WebAssembly (WASI preview 1) has no terminals",
    "tkinter": "WebAssembly has no windows",
}
for _name in ("ctypes", "ssl", "curses", "tkinter"):
    MISSING["_" + _name] = MISSING[_name]
for _name in ("grp", "pwd", "resource", "syslog"):
    MISSING[_name] = "WebAssembly (WASI preview 1) has no users and no Unix services"


class Missing:
    """The last finder: says why a module of the standard library cannot be there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        reason = MISSING.get(name)
        if reason is None and _in_library(name):
            reason = "this part of the standard library was left out of the program when it was built"
        if reason is None:
            return None
        raise ModuleNotFoundError(f"No module named {name!r}: {reason}", name=name)


def _in_library(name):
    from _wpknames import NAMES

    return name in NAMES


class Entry:
    """The lines of the blob's .main."""

    def __init__(self, text):
        self.module = self.script = self.function = self.prog = self.service = None
        self.path = []
        self.preload = []
        for line in text.splitlines():
            key, _, value = line.partition(" ")
            old = vars(self).get(key, self)
            if isinstance(old, list):
                old.append(value)
            elif old is None:
                setattr(self, key, value)
            else:
                raise SystemError(f".main: {line!r}")


entry = None


def start(snapshot):
    global entry
    entry = Entry(_wpk.main())
    sys.path[:] = entry.path or ["/app", SITE]
    sys.meta_path.append(Missing)
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    if snapshot:
        preload()


def preload():
    """Imports what the program would import at once: the standard library's part is told by module-level statements."""
    import gc

    from _wpknames import NAMES

    at_once = imported_at_once()
    for name in entry.preload:
        if name not in NAMES:
            __import__(name)
        elif name in at_once:
            try:
                __import__(name)
            except ImportError:
                pass  # the program will be told, if it asks for it
    for name in ("_wpknames", "_wpkservice", "_opcode_metadata"):
        sys.modules.pop(name, None)
    gc.collect()
    gc.freeze()


def imported_at_once():
    import marshal
    import os

    import _wpkservice

    found = set()
    for top in sys.path:
        for folder, _, files in os.walk(top):
            for file in files:
                if file.endswith(".pyc"):
                    with open(f"{folder}/{file}", "rb") as stream:
                        _wpkservice.imports(marshal.loads(stream.read()[16:]), "", found, at_once=True)
    for name in list(found):
        while name := name.rpartition(".")[0]:
            found.add(name)
    return found


def run(argv, resumed):
    if resumed:
        resume()
    if not argv:
        argv = [""]
    sys.orig_argv = list(argv)
    if entry.prog is not None:
        argv[0] = entry.prog
    sys.argv = argv
    if entry.service is not None:
        import _wpkservice

        _wpkservice.serve(entry.service, argv[1:])
    elif entry.function is not None:
        call(entry.module, entry.function)
    elif entry.module is not None:
        execute(entry.module)
    else:
        execute_script(entry.script)


def call(module, function):
    __import__(module)
    target = sys.modules[module]
    for name in function.split("."):
        target = getattr(target, name)
    sys.exit(target())


def execute(module):
    """python -m MODULE"""
    from importlib.util import find_spec

    spec = find_spec(module)
    if spec is not None and spec.submodule_search_locations is not None:
        module += ".__main__"
        spec = find_spec(module)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    main = sys.modules["__main__"]
    main.__spec__ = spec
    main.__package__ = spec.parent
    main.__file__ = spec.origin
    main.__cached__ = spec.cached
    main.__loader__ = spec.loader
    sys.argv[0] = sys.argv[0] or spec.origin
    exec(spec.loader.get_code(module), main.__dict__)


def execute_script(path):
    """python PATH"""
    from importlib.machinery import SourceFileLoader

    sys.path.insert(0, path.rpartition("/")[0])
    main = sys.modules["__main__"]
    main.__file__ = path
    main.__loader__ = loader = SourceFileLoader("__main__", path)
    exec(loader.get_code("__main__"), main.__dict__)


def resume():
    """Makes of a frozen interpreter one of this process."""
    environment()
    standard_streams()
    modules = sys.modules
    if "random" in modules:
        modules["random"].seed()
    if "logging" in modules:
        import time

        logging = modules["logging"]
        logging._startTime = time.time_ns() if isinstance(logging._startTime, int) else time.time()
    if "zoneinfo" in modules:
        modules["zoneinfo"].reset_tzpath()


def environment():
    import os
    import posix

    raw = _wpk.environ()
    posix.environ.clear()
    posix.environ.update(raw)
    os.environ._data.clear()
    os.environ._data.update(raw)


def standard_streams():
    import io

    for fd, name, mode in ((0, "stdin", "rb"), (1, "stdout", "wb"), (2, "stderr", "wb")):
        try:
            buffer = io.open(fd, mode, -1, closefd=False)
            terminal = buffer.isatty()
        except OSError:  # the host gave none
            stream = None
        else:
            buffer.raw.name = f"<{name}>"
            errors = "backslashreplace" if fd == 2 else "surrogateescape"
            stream = io.TextIOWrapper(buffer, "utf-8", errors, "\n", line_buffering=terminal or fd == 2)
            stream.mode = mode[0]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def shown(error):
    """The part of an error's traceback that is the program's own."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == shown.__code__.co_filename:
        traceback = traceback.tb_next
    return traceback
