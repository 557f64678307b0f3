"""Keeps a list of things in YAML, and prints it as tables, pages and answers."""

from importlib.metadata import version

__version__ = version("almanac")
