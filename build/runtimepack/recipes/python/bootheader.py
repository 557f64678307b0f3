"""Run by the native Python: bootheader.py FOLDER LIB prints wpkboot.h, the modules of the runtime itself as C.

They are those of FOLDER, and _wpknames, the names of all modules of the standard library, whose folder is LIB.
"""
import marshal
import sys

import library


def sources(folder, lib):
    for name in ("_wpkboot", "_wpkservice"):
        with open(f"{folder}/{name}.py", encoding="utf-8") as file:
            yield name, file.read()
    names = sorted(name for name, path, package in library.modules_of(lib))
    yield "_wpknames", f"NAMES = {tuple(names)!r}\n"


def main(folder, lib):
    modules = dict(sources(folder, lib))
    for name, source in modules.items():
        code = marshal.dumps(compile(source, f"<{name}>", "exec", dont_inherit=True, optimize=2))
        print(f"static const unsigned char {name}[] = {{")
        for i in range(0, len(code), 24):
            print(",".join(map(str, code[i : i + 24])) + ",")
        print("};")
    print("static const struct _frozen wpk_boot_modules[] = {")
    for name in modules:
        print(f'{{"{name}", {name}, sizeof {name}, 0}},')
    print("};")


main(*sys.argv[1:])
