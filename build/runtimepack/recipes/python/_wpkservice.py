"""What wpk asks of the runtime while it builds a program: part of the runtime.

compile: reads records from standard input until its end, each
    u32 length of name, u32 length of path, u32 length of source, u32 flags (1: a package), name, path, source
and answers each, in order, on standard output with
    u32 status, u32 length of a, u32 length of b, a, b
status 0: a is the .pyc file, b the names of the modules that the code may import, one a line;
status 1: a says why it is no Python, in one line, b is the line of the source. All numbers are little-endian.
"""
import _imp
import marshal
import sys
from _opcode_metadata import opmap
from importlib.util import MAGIC_NUMBER

LOAD_CONST, EXTENDED_ARG = opmap["LOAD_CONST"], opmap["EXTENDED_ARG"]
IMPORT_NAME, IMPORT_FROM = opmap["IMPORT_NAME"], opmap["IMPORT_FROM"]
CO_OPTIMIZED = 1  # of functions; not of the bodies of modules and classes
BY_NAME = frozenset(("import_module", "__import__", "find_spec", "resolve_name"))


def serve(service, arguments):
    if service != "compile":
        raise SystemError(f".main: service {service!r}")
    options = dict(argument.split("=", 1) for argument in arguments)
    compile_all(sys.stdin.buffer, sys.stdout.buffer, int(options.get("optimize", "0")))


def compile_all(requests, answers, optimize):
    import struct

    while head := requests.read(16):
        name_size, path_size, source_size, flags = struct.unpack("<4I", head)
        name = requests.read(name_size).decode()
        path = requests.read(path_size).decode()
        source = requests.read(source_size)
        if len(source) != source_size:
            raise EOFError("the last record is cut")
        try:
            status, a, b = 0, *answer(name, path, source, flags & 1, optimize)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            status, a, b = 1, *reason(error, path)
        answers.write(struct.pack("<3I", status, len(a), len(b)))
        answers.write(a)
        answers.write(b)
    answers.flush()


def answer(name, path, source, package, optimize):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bad escapes in libraries of others
        code = compile(source, path, "exec", dont_inherit=True, optimize=optimize)
    header = MAGIC_NUMBER + b"\1\0\0\0" + _imp.source_hash(int.from_bytes(MAGIC_NUMBER, "little"), source)
    found = set()
    imports(code, name if package else name.rpartition(".")[0], found)
    return header + marshal.dumps(code), "\n".join(sorted(found)).encode("utf-8", "replace")


def reason(error, path):
    where, line = path, ""
    if isinstance(error, SyntaxError):
        if error.lineno:
            where += f":{error.lineno}"
            if error.offset:
                where += f":{error.offset}"
        line = (error.text or "").strip("\n")
        error_text = error.msg
    else:
        error_text = str(error)
    text = f"{where}: {type(error).__name__}: {error_text}".replace("\n", " ")
    return text.encode("utf-8", "replace"), line.encode("utf-8", "replace")


def imports(code, package, found, at_once=False):
    """Adds what the code, of a module in the package, may import; at once: when it is imported itself."""
    if BY_NAME.intersection(code.co_names):
        for constant in code.co_consts:
            if isinstance(constant, str) and constant.replace(".", "_").isidentifier():
                found.add(constant)
    if bytes((IMPORT_NAME,)) in code.co_code:
        statements(code, package, found)
    for constant in code.co_consts:
        if isinstance(constant, type(code)) and not (at_once and constant.co_flags & CO_OPTIMIZED):
            imports(constant, package, found, at_once)


def statements(code, package, found):
    constants, names = code.co_consts, code.co_names
    loaded = [0, None]  # the last two constants: the level and the names
    argument, base = 0, None
    instructions = code.co_code
    for i in range(0, len(instructions), 2):
        operation = instructions[i]
        argument = argument << 8 | instructions[i + 1]
        if operation == EXTENDED_ARG:
            continue
        if operation == LOAD_CONST:
            loaded = [loaded[1], constants[argument]]
        elif operation == IMPORT_NAME:
            level, wanted = loaded
            base = absolute(names[argument], level, package)
            if base:
                found.add(base)
                for name in wanted or ():
                    if name != "*":
                        found.add(f"{base}.{name}")
        argument = 0


def absolute(name, level, package):
    if not level:
        return name
    parts = package.split(".") if package else []
    if level - 1 > len(parts):
        return None
    parts = parts[: len(parts) - (level - 1)]
    return ".".join(parts + ([name] if name else [])) or None
