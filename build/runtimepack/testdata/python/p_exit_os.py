import sys

print("out", flush=True); import os; os._exit(9)
