"""Greets, and counts the words of files: a small program to see that a build works."""
