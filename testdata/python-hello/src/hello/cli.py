import argparse
import asyncio
import os
import sys
from importlib import resources

from hello.count import count


async def count_all(paths):
    return await asyncio.gather(*(count(path) for path in paths))


def main():
    parser = argparse.ArgumentParser(description="Greet, and count the words of files.")
    parser.add_argument("files", nargs="*", help="files to count; none reads standard input")
    args = parser.parse_args()

    greetings = resources.files("hello").joinpath("data/greetings.txt").read_text(encoding="utf-8").split()
    print(f"{os.environ.get('GREETING', greetings[0])} from Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}")
    try:
        for path, lines, words in asyncio.run(count_all(args.files or ["-"])):
            print(f"{path}: {lines} lines, {words} words")
    except OSError as error:
        sys.exit(f"python-hello: {error.filename}: {error.strerror}")
