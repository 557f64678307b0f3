# Makes compare.csv and specifiers.csv with PyPI's "packaging" library:
#   python -m venv v && v/bin/pip install packaging && v/bin/python vectors.py
import csv
import random

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

random.seed(7)
BASES = "0 1 1.0 1.0.0 1.1 1.10 2 2.0.1 3.13 3.13.0 2024.1 0.0.1 1.2.3.4".split()
PRE = ["", "", "", "a1", "b2", "rc1", "a10"]


def version(local=True):
    return (
        random.choice(["", "", "", "", "1!"]) + random.choice(BASES) + random.choice(PRE)
        + random.choice(["", "", "", ".post1", ".post2"]) + random.choice(["", "", "", ".dev0", ".dev3"])
        + (random.choice(["", "", "", "+abc.1", "+1"]) if local else "")
    )


def specifier():
    op = random.choice(["==", "!=", ">", "<", ">=", "<=", "~=", "==*", "!=*"])
    if op.endswith("*"):
        return op[:2] + random.choice(["", "", "1!"]) + random.choice(BASES) + random.choice(PRE + [""] * 5) + ".*"
    return op + version(op in ("==", "!="))


with open("compare.csv", "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    for _ in range(800):
        a, b = version(), version()
        out.writerow([a, b, (Version(a) > Version(b)) - (Version(a) < Version(b))])

with open("specifiers.csv", "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    for _ in range(3000):
        spec, v = specifier(), version()
        try:
            allowed = SpecifierSet(spec).contains(v, prereleases=True)
        except InvalidSpecifier:
            continue
        out.writerow([spec, v, str(allowed).lower()])
