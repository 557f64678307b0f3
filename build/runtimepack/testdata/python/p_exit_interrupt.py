import sys

raise KeyboardInterrupt
