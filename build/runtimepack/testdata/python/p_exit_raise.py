import sys

raise ValueError("bad")
