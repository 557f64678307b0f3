import bz2
import csv
import dataclasses
import datetime
import decimal
import fractions
import hashlib
import io
import json
import lzma
import os
import re
import sqlite3
import statistics
import sys
import sysconfig
import tarfile
import tempfile
import unicodedata
import uuid
import xml.dom.minidom
import xml.etree.ElementTree as ET
import xml.sax
import zipfile
import zlib
import zoneinfo

data = b"wasm " * 10000
for module in (bz2, lzma, zlib):
    packed = module.compress(data)
    print(module.__name__, len(packed) < 500, module.decompress(packed) == data)
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w:xz") as tar:
    tar.addfile(tarfile.TarInfo("a"), io.BytesIO())
archive.seek(0)
print(tarfile.open(fileobj=archive).getnames())
with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_LZMA) as z:
    z.writestr("a", data)
    print(z.read("a") == data)
for name in sorted(hashlib.algorithms_guaranteed):
    digest = hashlib.new(name, b"abc")
    print(name, digest.hexdigest(4) if "shake" in name else digest.hexdigest()[:8])
sys.set_int_max_str_digits(0)
decimal.getcontext().prec = 40
print(decimal.Decimal(2).sqrt(), fractions.Fraction(1, 3) + 1, statistics.mean([1, 2, 4]))
print(len(str(3**30000)), int("7" * 5000) % 97)


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: int = 0


print(sorted([Point(2), Point(1, 3)]), json.loads(json.dumps(dataclasses.asdict(Point(1)))))
print(re.sub(r"(?P<w>\w+) (?=x)", r"<\g<w>>", "ab xy"), unicodedata.name("é"), "\N{SNOWMAN}")
berlin = zoneinfo.ZoneInfo("Europe/Berlin")
print(datetime.datetime(2024, 7, 1, 12, tzinfo=berlin).isoformat(), datetime.datetime(2031, 1, 1, tzinfo=berlin).tzname())
print(len(zoneinfo.available_timezones()) > 400, datetime.datetime.strptime("1 Feb 2024", "%d %b %Y").date())
rows = list(csv.DictReader(io.StringIO("a,b\n1,2\n")))
print(rows)
root = ET.fromstring("<r><c k='v'>t&amp;</c></r>")
print(root.find("c").attrib, ET.tostring(root), xml.dom.minidom.parseString("<a/>").toxml())
print(xml.sax.make_parser())
print(sysconfig.get_platform(), sysconfig.get_path("purelib"), sysconfig.get_config_var("EXT_SUFFIX"), sys.version_info[:2], sys.platform)
memory = sqlite3.connect(":memory:")
memory.execute("create virtual table t using fts5(x)")
memory.execute("insert into t values ('the quick fox'), ('slow')")
print(memory.execute("select x from t where t match 'fox'").fetchall(), memory.execute("select sqrt(2) > 1.4, json('[1]')").fetchone())
path = "/data/test.db"
with sqlite3.connect(path) as db:
    db.execute("create table if not exists n (i integer primary key, t text)")
    db.executemany("insert into n (t) values (?)", [("é",), ("x",)])
db.close()
with sqlite3.connect(path) as db:
    print(db.execute("select count(*), min(t) from n").fetchone(), db.execute("pragma integrity_check").fetchone())
db.close()
print(os.path.getsize(path) > 0)
with tempfile.TemporaryDirectory(dir="/data") as folder:
    open(folder + "/x", "w").close()
    print(os.listdir(folder))
print(uuid.uuid4().version, uuid.uuid1().version)
