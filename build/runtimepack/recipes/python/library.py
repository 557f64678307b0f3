"""Run by the native Python: library.py LIB SYSCONFIG ZONEINFO OUT makes the pack's library.

LIB is the standard library's folder, SYSCONFIG the generated _sysconfigdata module, ZONEINFO a compiled time zone
database. OUT gets code/NAME (marshalled code of module NAME), source/usr/lib/python3.13/… (what it was compiled from),
zoneinfo/usr/share/zoneinfo/… and index.json, which tells what imports what.
"""
import _imp
import json
import marshal
import os
import shutil
import sys
from importlib.util import MAGIC_NUMBER

import _wpkservice

STDLIB = "usr/lib/python3.13"

# Left out: tests, what needs windows, terminals, TLS or native libraries, other systems, the installer.
LEFT_OUT = set(
    """__hello__ __phello__ _aix_support _android_support _apple_support _ios_support _osx_support _pyrepl antigravity asyncio.windows_events
    asyncio.windows_utils concurrent.futures.process ctypes curses ensurepip idlelib msilib pydoc_data ssl test tkinter turtle turtledemo venv
    multiprocessing.popen_spawn_win32 encodings.mbcs encodings.oem""".split()
)

# Imports that no import statement shows: by the C code of builtin modules, or of a name that is computed.
HIDDEN = {
    "_asyncio": ["asyncio"],
    "_datetime": ["_strptime"],
    "_decimal": ["collections", "numbers"],
    "_elementtree": ["copy", "xml.etree.ElementPath"],
    "_pickle": ["_compat_pickle", "copyreg"],
    "_sqlite3": ["sqlite3.dbapi2", "sqlite3.dump"],
    "_typing": ["typing"],
    "_zoneinfo": ["weakref", "zoneinfo._common", "zoneinfo._tzpath"],
    "dbm": ["dbm.dumb", "dbm.sqlite3"],
    "importlib.resources": ["importlib.readers"],
    "logging.config": ["logging.handlers"],
    "sysconfig": ["_sysconfigdata__wasi_wasm32-wasi"],
    "time": ["_strptime"],
    "xml.sax": ["xml.sax.expatreader"],
}

# Import statements that a program does not come to, or does without: they would drag half of the library along.
IDLE = {
    ("_sitebuiltins", "pydoc"),
    ("abc", "_py_abc"),
    ("datetime", "_pydatetime"),
    ("decimal", "_pydecimal"),
    ("importlib._bootstrap_external", "importlib.metadata"),
    ("importlib._bootstrap_external", "importlib.readers"),
    ("os", "subprocess"),
    ("site", "locale"),
    ("site", "rlcompleter"),
    ("site", "textwrap"),
    ("warnings", "tracemalloc"),
    ("zipimport", "importlib.readers"),
}
IDLE_TARGETS = {"doctest", "pdb", "unittest"}  # of self-tests
IDLE_FUNCTIONS = {"_main", "_test", "main", "test"}  # of `python -m MODULE`

# In every program: the start, errors and warnings, what C code imports by itself.
ALWAYS = """_pylong ast codecs collections.abc contextlib copyreg encodings functools importlib importlib.machinery importlib.util io
    linecache os site traceback types typing warnings""".split()

# Imported while a program is built: nothing that acts, prints, or asks for the machine, the time or the environment.
NO_PRELOAD = {
    "__main__", "_pyio", "_pydatetime", "_pydecimal", "_pylong", "_sysconfigdata__wasi_wasm32-wasi", "code", "getpass", "lib2to3",
    "multiprocessing", "nturl2path", "pdb", "pty", "pydoc", "rlcompleter", "site", "sysconfig", "this", "tty", "webbrowser",
}  # fmt: skip

UNAVAILABLE = ["ctypes", "curses", "fcntl", "mmap", "readline", "ssl", "termios", "tkinter"]


def left_out(name):
    parts = name.split(".")
    return "tests" in parts or any(".".join(parts[: i + 1]) in LEFT_OUT for i in range(len(parts)))


def modules_of(lib):
    """Yields the name, path below lib and kind of each module."""
    for folder, folders, files in os.walk(lib):
        folders[:] = sorted(f for f in folders if f != "__pycache__" and f.isidentifier())
        for file in sorted(files):
            if not file.endswith(".py"):
                continue
            path = os.path.relpath(os.path.join(folder, file), lib)
            name = path[:-3].replace("/", ".")
            package = name.endswith(".__init__")
            if package:
                name = name[: -len(".__init__")]
            if not left_out(name):
                yield name, path, package


def imports_of(name, package, code):
    """The names that a module of the library may import, as far as statements tell."""
    idle = tuple(c for c in code.co_consts if getattr(c, "co_name", None) in IDLE_FUNCTIONS)
    code = code.replace(co_consts=tuple(None if c in idle else c for c in code.co_consts))
    found = set()
    _wpkservice.imports(code, name if package else name.rpartition(".")[0], found)
    return found | set(HIDDEN.get(name, ()))


def resolve(importer, names, known):
    """The modules behind names: each known one with its parents."""
    found = set()
    for name in names:
        while name and name not in known:
            name = name.rpartition(".")[0]
        while name:
            found.add(name)
            name = name.rpartition(".")[0]
    found.discard(importer)
    return sorted(
        n for n in found
        if (importer, n) not in IDLE and (n.partition(".")[0] not in IDLE_TARGETS or importer.partition(".")[0] in IDLE_TARGETS)
    )  # fmt: skip


def closure(names, imports):
    found, open_names = set(), list(names)
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += imports.get(name, ())
    return found


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def main(lib, sysconfig, zoneinfo, out, builtins):
    # In the runtime; the first two have other names there.
    frozen = {"importlib._bootstrap", "importlib._bootstrap_external", *_imp._frozen_module_names()}
    modules, raw = {}, {}
    for name, path, package in [*modules_of(lib), ("_sysconfigdata__wasi_wasm32-wasi", None, False)]:
        with open(os.path.join(lib, path) if path else sysconfig, "rb") as file:
            source = file.read()
        path = path or name + ".py"
        code = compile(source, f"/{STDLIB}/{path}", "exec", dont_inherit=True)
        raw[name] = imports_of(name, package, code)
        write(f"{out}/source/{STDLIB}/{path}", source)
        if name not in frozen:
            write(f"{out}/code/{name}", marshal.dumps(code))
            modules[name] = {"package": package, "source": f"{STDLIB}/{path}"}
    for name in builtins:
        raw.setdefault(name, set(HIDDEN.get(name, ())))
    raw["encodings"].update(n for n in modules if n.startswith("encodings."))
    known = set(raw)
    imports = {name: resolve(name, names, known) for name, names in raw.items()}
    for name in modules:
        modules[name]["imports"] = imports[name]
    runtime = (frozen | set(builtins)) - set(modules)
    always = closure(ALWAYS, imports)
    index = {
        "version": ".".join(map(str, sys.version_info[:3])),
        "magic": MAGIC_NUMBER.hex(),
        "cacheTag": sys.implementation.cache_tag,
        "builtins": sorted(runtime),
        "modules": modules,
        "hidden": {n: imports[n] for n in sorted(runtime) if imports.get(n)},
        "always": sorted(always & set(modules)),
        "preload": sorted(n for n in modules if not NO_PRELOAD & set(n.split("."))),
        "service": sorted((closure(["_wpkservice"], imports | {"_wpkservice": ["_opcode_metadata", "struct"]}) | always) & set(modules)),
        "unavailable": UNAVAILABLE,
    }
    write(f"{out}/index.json", json.dumps(index, indent=1, sort_keys=True).encode() + b"\n")
    shutil.copytree(zoneinfo, f"{out}/zoneinfo/usr/share/zoneinfo")


if __name__ == "__main__":
    main(*sys.argv[1:5], sys.argv[5:])
