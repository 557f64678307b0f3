"""What a process gets from outside must be this process's, not that of the build."""
import atexit
import hashlib
import logging
import os
import random
import secrets
import sys
import tempfile
import time
import uuid

atexit.register(print, "at exit")
print(sys.argv[1:], os.environ.get("GREETING"), os.getenv("PYTHONPATH"), sorted(os.environ) == sorted(k.decode() for k in os.environb))
os.environ["NEW"] = "1"
print(sys.stdin.readline().strip(), sys.stdin.read().split(), sys.stdin.encoding, sys.stdout.name, sys.stdin.isatty())
record = logging.makeLogRecord({})
record = logging.LogRecord("n", 20, "p", 1, "m", (), None)
print(time.time() > 1.7e9, 0 <= record.relativeCreated < 60000, time.localtime().tm_gmtoff)
print("drawn", random.random(), secrets.token_hex(8), uuid.uuid4(), next(tempfile._get_candidate_names()), os.urandom(4).hex())
print("é ü ☃", file=sys.stderr)
sys.stdout.write("no newline")
