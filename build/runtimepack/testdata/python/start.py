"""Runs the program that the first argument names, so that one module does for all of them."""
import sys

__import__(sys.argv.pop(1))
