import asyncio
import sys


async def count(path):
    """Counts the lines and words of a file; "-" is standard input."""
    await asyncio.sleep(0)
    if path == "-":
        text = sys.stdin.read()
    else:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    return path, len(text.splitlines()), len(text.split())
