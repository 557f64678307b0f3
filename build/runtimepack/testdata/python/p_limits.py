import sys


def deep(n):
    return deep(n + 1)


try:
    deep(0)
except RecursionError as error:
    print(error)
try:
    exec("(" * 150 + ")" * 150 + "[0]" * 3000)
except (MemoryError, RecursionError, SyntaxError, TypeError) as error:
    print("parser survived")
nested = []
for _ in range(50000):
    nested = [nested]
try:
    repr(nested)
except RecursionError as error:
    print("repr survived")
del nested
import functools
import json

try:
    json.loads("[" * 100000)
except RecursionError:
    print("json survived")


@functools.cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


print(fibonacci(150))
blocks = [bytearray(1 << 20) for _ in range(150)]
blocks[-1][-1] = 1
print(sum(map(len, blocks)) >> 20, "MiB")
sys.setrecursionlimit(5000)
class Tree:
    def __getattr__(self, name):
        return getattr(self, name + "x")
try:
    Tree().a
except RecursionError:
    print("getattr survived")
