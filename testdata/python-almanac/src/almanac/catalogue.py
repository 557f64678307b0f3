"""The list: YAML outside, SQLite inside."""

import sqlite3
from dataclasses import dataclass
from importlib import resources

import yaml


@dataclass(frozen=True)
class Item:
    name: str
    kind: str
    weight: float
    note: str


def load(text):
    """Reads items; without a text those that come with the program."""
    if not text.strip():
        text = resources.files("almanac").joinpath("data/items.yaml").read_text(encoding="utf-8")
    items = yaml.safe_load(text)["items"]
    return [Item(i["name"], i.get("kind", "other"), float(i.get("weight", 0)), i.get("note", "")) for i in items]


def database(items):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE item (name TEXT PRIMARY KEY, kind TEXT, weight REAL, note TEXT)")
    db.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", [(i.name, i.kind, i.weight, i.note) for i in items])
    db.commit()
    return db


def totals(db):
    return db.execute("SELECT kind, count(*), round(sum(weight), 3) FROM item GROUP BY kind ORDER BY kind").fetchall()
