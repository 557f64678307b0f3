import argparse
import sys

from almanac import catalogue


def main():
    parser = argparse.ArgumentParser(prog="almanac-query", description="Ask the list in SQL.")
    parser.add_argument("sql", help="over the table item (name, kind, weight, note)")
    args = parser.parse_args()
    db = catalogue.database(catalogue.load(sys.stdin.read()))
    for row in db.execute(args.sql):
        print(*row, sep="\t")
    return 0
